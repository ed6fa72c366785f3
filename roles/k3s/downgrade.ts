/** Says so when the installed K3s is newer than the wanted one: its data may be of a format that the older one cannot read. Pure. */
export function downgrade(installed: string | undefined, wanted: string): string | undefined {
  if (installed === undefined || compare(numbersOf(installed), numbersOf(wanted)) <= 0) return undefined;
  return `downgrades K3s from ${installed} to ${wanted}`;
}

/** `v1.34.4+k3s1` is 1, 34, 4, 1; a release candidate is older than what it is a candidate for. */
function numbersOf(version: string): number[] {
  const [, major, minor, patch, candidate, build] = /^v?(\d+)\.(\d+)\.(\d+)(?:-rc(\d+))?(?:\+k3s(\d+))?/.exec(version) ?? [];
  return [major, minor, patch, candidate ?? Number.POSITIVE_INFINITY, build ?? 0].map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
