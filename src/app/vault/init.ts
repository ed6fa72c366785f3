import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, PermissionError, UsageError } from '#src/errors.ts';
import { readSecretsFile } from '#src/secrets/file.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { findPublicKeys } from '#src/secrets/openpgp/find-key.ts';
import { readRecipients } from '#src/secrets/openpgp/recipients.ts';
import { PLAIN_FILE, VAULT_FILE } from '#src/secrets/read.ts';
import { writeAside } from '#src/secrets/write-aside.ts';
import { changeVault, type OpenedVault, say, type VaultFlags } from './common.ts';
import { keepKeys, tellReaders } from './recipients.ts';

interface InitFlags extends VaultFlags {
  recipient: readonly string[];
}

export const EMPTY_VAULT = '# Secrets of this cluster: picluster vault set PATH\n';

/**
 * Makes the vault: for the keys named and those in recipients/. What stands in the plain file moves into it; the plain file goes only
 * after what was encrypted was seen to be readable here.
 */
export const initVault = (flags: InitFlags): Promise<void> =>
  changeVault(flags, 'vault init', (opened) => makeVault(opened, flags));

async function makeVault({ directory, unlock, vault }: OpenedVault, flags: InitFlags): Promise<void> {
  if ((await vault.armor()) !== undefined)
    throw new UsageError(`there is a ${VAULT_FILE} already`, { hint: 'add people with: picluster vault recipients add' });
  const plain = await plainText(directory);
  const keys = await findPublicKeys(flags.recipient);
  const all = await readRecipients(
    directory,
    keys.map(({ recipient }) => recipient),
  );
  const armor = await encryptTo(all, Buffer.from(plain ?? EMPTY_VAULT));
  if (plain !== undefined && (await decrypt(VAULT_FILE, armor, unlock)).toString('utf8') !== plain)
    throw new PermissionError(`${PLAIN_FILE} was not moved: what was encrypted reads differently`);
  await keepKeys(directory, keys);
  await writeAside(vault.path, armor);
  if (plain !== undefined) {
    await rm(join(directory, PLAIN_FILE));
    say(`moved the secrets of ${PLAIN_FILE} into ${VAULT_FILE}; the disk may still hold what the old file was`);
  }
  await tellReaders(directory);
}

async function plainText(directory: string): Promise<string | undefined> {
  const { store, mistakes } = await readSecretsFile(join(directory, PLAIN_FILE), PLAIN_FILE);
  if (mistakes.length > 0) throw new ConfigError(`${PLAIN_FILE} cannot be moved into the vault; nothing was written`, mistakes);
  return store.paths().length === 0 ? undefined : await readFile(join(directory, PLAIN_FILE), 'utf8');
}
