import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, UsageError } from '#src/errors.ts';
import { changeLines, compareSecrets } from '#src/secrets/compare.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { openVault, say, type VaultFlags } from './common.ts';
import { git } from './git.ts';
import { filesBelow } from './tree.ts';

interface DiffFlags extends VaultFlags {
  values?: boolean;
}

const isVaultFile = (name: string): boolean => /(?:^|[/.])secrets\.yaml\.asc$/.test(name);

/** Prints which secrets differ between a revision of git and the files here, by name; their values only with `values`. */
export async function diffVault(revision: string, flags: DiffFlags): Promise<void> {
  if (revision.startsWith('-')) throw new UsageError(`"${revision}" is no revision`);
  const { directory, unlock } = await openVault(flags);
  const listed = await git(directory, ['ls-tree', '-r', '-z', '--name-only', '--end-of-options', revision]);
  const then = new Set(listed.split('\0').filter(isVaultFile));
  const now = new Set((await filesBelow(directory)).filter(isVaultFile));
  let isSame = true;
  for (const name of [...new Set([...then, ...now])].sort()) {
    const before = then.has(name) ? await git(directory, ['show', '--end-of-options', `${revision}:./${name}`]) : undefined;
    const after = now.has(name) ? await readFile(join(directory, name), 'utf8') : undefined;
    if (before === after) continue;
    const [old, current] = [await valuesIn(`${revision}:${name}`, before, unlock), await valuesIn(name, after, unlock)];
    const lines = changeLines(compareSecrets(old, current), flags.values ?? false);
    say([name, ...(lines.length === 0 ? ['  encrypted anew, the same secrets'] : lines)].join('\n'));
    isSame = false;
  }
  if (isSame) say(`the secrets are as in ${revision}`);
}

async function valuesIn(name: string, armor: string | undefined, unlock: Unlock): Promise<Map<string, string>> {
  if (armor === undefined) return new Map();
  const { store, mistakes } = parseSecrets(name, (await decrypt(name, armor, unlock)).toString('utf8'));
  if (mistakes.length > 0) throw new ConfigError(`${name} cannot be compared`, mistakes);
  return new Map(store.paths().map((path) => [path, store.get(path)?.reveal() ?? '']));
}
