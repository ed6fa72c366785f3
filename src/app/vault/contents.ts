import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { ConfigError, UsageError } from '#src/errors.ts';
import { withoutSecret, withSecret } from '#src/secrets/edit-yaml.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { readSecrets } from '#src/secrets/read.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import { askSecret } from '../ask-secret.ts';
import { unlockOf } from '../unlock.ts';
import { changeVault, fileOf, openVault, say, type VaultFlags } from './common.ts';
import { textOrEmpty } from './empty.ts';

interface FileFlags extends VaultFlags {
  /** --file: another vault file than that of the cluster. */
  file?: string;
}

/** Prints the plain text of the vault, or of another encrypted file. */
export async function viewVault(asked: string | undefined, flags: VaultFlags): Promise<void> {
  process.stdout.write(await fileOf(await openVault(flags), asked).read());
}

/** For git, which calls it with a version of a file: what cannot be decrypted here is shown as it is, as a failure would end `git diff`. */
export async function viewForGit(path: string, flags: VaultFlags): Promise<void> {
  const armor = await readFile(path, 'utf8');
  const plain = decrypt(basename(path), armor, unlockOf(process.env, flags)).catch(
    (error: Error) => `# ${error.message}\n${armor}`,
  );
  process.stdout.write(await plain);
}

/** Prints the names of all secrets, or those of one file; never a value. */
export async function listSecrets(flags: FileFlags): Promise<void> {
  for (const path of (await secretsOf(flags)).paths()) say(path);
}

/** Prints one value. */
export async function getSecret(path: string, flags: FileFlags): Promise<void> {
  const store = await secretsOf(flags);
  const value = store.get(path)?.reveal();
  if (value === undefined)
    throw new UsageError(`there is no secret "${path}" in ${store.name}`, { hint: 'picluster vault list' });
  process.stdout.write(value.endsWith('\n') ? value : `${value}\n`);
}

/** Sets one value, from the terminal without echo or from standard input. A value that is there already rewrites nothing. */
export const setSecret = (path: string, flags: FileFlags): Promise<void> =>
  changeVault(flags, 'vault set', async (opened) => {
    const file = fileOf(opened, flags.file);
    const before = await textOrEmpty(file);
    const after = withSecret(file.name, before, path, await typedValue(path));
    if (after !== before) await file.write(after);
    say(after === before ? `${path} has this value already` : `set ${path}`);
  });

/** Removes one secret, or all below a path. */
export const removeSecret = (path: string, flags: FileFlags): Promise<void> =>
  changeVault(flags, 'vault rm', async (opened) => {
    const file = fileOf(opened, flags.file);
    await file.write(withoutSecret(file.name, await file.read(), path));
    say(`removed ${path}; the history of git keeps what it was`);
  });

async function secretsOf(flags: FileFlags): Promise<SecretStore> {
  const opened = await openVault(flags);
  const file = fileOf(opened, flags.file);
  const { store, mistakes } =
    flags.file === undefined ? await readSecrets(opened.directory, opened.unlock) : parseSecrets(file.name, await file.read());
  if (mistakes.length > 0) throw new ConfigError('the secrets cannot be read', mistakes);
  return store;
}

/** Text of one line loses its end; of several it is kept as it is. */
async function typedValue(path: string): Promise<string> {
  if (process.stdin.isTTY) return (await askSecret(`value of ${path}: `)) ?? '';
  const text = await readAll(process.stdin);
  return text.indexOf('\n') === text.length - 1 ? text.slice(0, -1) : text;
}
