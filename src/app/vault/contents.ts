import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { ConfigError, UsageError } from '#src/errors.ts';
import { withoutSecret, withSecret } from '#src/secrets/edit-yaml.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { readSecrets } from '#src/secrets/read.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import { VaultFile } from '#src/secrets/vault-file.ts';
import { askSecret } from '../ask-secret.ts';
import { unlockOf } from '../unlock.ts';
import { changeVault, nameInCluster, openVault, say, type VaultFlags } from './common.ts';

/** Prints the plain text of the vault, or of another encrypted file. */
export async function viewVault(asked: string | undefined, flags: VaultFlags): Promise<void> {
  const { directory, unlock, vault } = await openVault(flags);
  const file = asked === undefined ? vault : new VaultFile(directory, unlock, nameInCluster(directory, asked));
  process.stdout.write(await file.read());
}

/** For git, which calls it with a version of a file: what cannot be decrypted here is shown as it is, as a failure would end `git diff`. */
export async function viewForGit(path: string, flags: VaultFlags): Promise<void> {
  const armor = await readFile(path, 'utf8');
  const plain = decrypt(basename(path), armor, unlockOf(process.env, flags)).catch(
    (error: Error) => `# ${error.message}\n${armor}`,
  );
  process.stdout.write(await plain);
}

/** Prints the names of all secrets, never a value. */
export async function listSecrets(flags: VaultFlags): Promise<void> {
  for (const path of (await allSecrets(flags)).paths()) say(path);
}

/** Prints one value. */
export async function getSecret(path: string, flags: VaultFlags): Promise<void> {
  const store = await allSecrets(flags);
  const value = store.get(path)?.reveal();
  if (value === undefined)
    throw new UsageError(`there is no secret "${path}" in ${store.name}`, { hint: 'picluster vault list' });
  process.stdout.write(value.endsWith('\n') ? value : `${value}\n`);
}

/** Sets one value, from the terminal without echo or from standard input. A value that is there already rewrites nothing. */
export const setSecret = (path: string, flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault set', async ({ vault }) => {
    const before = await vault.read();
    const after = withSecret(vault.name, before, path, await typedValue(path));
    if (after !== before) await vault.write(after);
    say(after === before ? `${path} has this value already` : `set ${path}`);
  });

/** Removes one secret, or all below a path. */
export const removeSecret = (path: string, flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault rm', async ({ vault }) => {
    await vault.write(withoutSecret(vault.name, await vault.read(), path));
    say(`removed ${path}; the history of git keeps what it was`);
  });

async function allSecrets(flags: VaultFlags): Promise<SecretStore> {
  const { directory, unlock } = await openVault(flags);
  const { store, mistakes } = await readSecrets(directory, unlock);
  if (mistakes.length > 0) throw new ConfigError('the secrets cannot be read', mistakes);
  return store;
}

/** Text of one line loses its end; of several it is kept as it is. */
async function typedValue(path: string): Promise<string> {
  if (process.stdin.isTTY) return (await askSecret(`value of ${path}: `)) ?? '';
  const text = await readAll(process.stdin);
  return text.indexOf('\n') === text.length - 1 ? text.slice(0, -1) : text;
}
