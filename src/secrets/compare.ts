export type Change = 'added' | 'removed' | 'changed';

export interface SecretChange {
  readonly path: string;
  readonly change: Change;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What two states of secrets differ in, by path; sorted. Pure. */
export function compareSecrets(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): SecretChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .map((path) => ({ path, before: before.get(path), after: after.get(path) }))
    .filter((entry) => entry.before !== entry.after)
    .map((entry) => ({ ...entry, change: changeOf(entry) }));
}

const changeOf = ({ before, after }: { before: string | undefined; after: string | undefined }): Change =>
  before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';

const SIGN: Readonly<Record<Change, string>> = { added: '+', removed: '-', changed: '~' };

/** Lines for people: names; values only when asked for. Pure. */
export function changeLines(changes: readonly SecretChange[], withValues: boolean): string[] {
  return changes.flatMap(({ path, change, before, after }) => {
    const line = `  ${SIGN[change]} ${path}`;
    return withValues ? [line, ...valueLines('-', before), ...valueLines('+', after)] : [line];
  });
}

const valueLines = (sign: string, value: string | undefined): string[] =>
  value === undefined
    ? []
    : value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `      ${sign} ${line}`);
