/** Where a file is looked for: on the mirrors under its URL without the scheme, then at its publisher's. */
export function withMirrors(url: string, mirrors: readonly string[]): string[] {
  const bare = url.replace(/^https?:\/\//, '');
  return [...mirrors.map((mirror) => `${mirror.replace(/\/+$/, '')}/${bare}`), url];
}
