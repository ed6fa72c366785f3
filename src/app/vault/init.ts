import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, PermissionError, UsageError } from '#src/errors.ts';
import { readSecretsFile } from '#src/secrets/file.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { findPublicKeys } from '#src/secrets/openpgp/find-key.ts';
import { RECIPIENTS, readRecipients } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { PLAIN_FILE, VAULT_FILE } from '#src/secrets/read.ts';
import { writeAside } from '#src/secrets/write-aside.ts';
import { changeVault, type OpenedVault, say, type VaultFlags } from './common.ts';
import { EMPTY_VAULT } from './empty.ts';
import { chooseKey, makeKey, type OwnKey, type OwnKeyFlags } from './own-key.ts';
import { keepKeys, tellReaders } from './recipients.ts';

interface InitFlags extends VaultFlags, OwnKeyFlags {
  recipient: readonly string[];
}

/**
 * Makes the vault: for the keys named and those in recipients/. What stands in the plain file moves into it; the plain file goes only
 * after what was encrypted was seen to be readable here.
 */
export const initVault = (flags: InitFlags): Promise<void> =>
  changeVault(flags, 'vault init', (opened) => makeVault(opened, flags));

async function makeVault({ directory, vault, ...opened }: OpenedVault, flags: InitFlags): Promise<void> {
  if ((await vault.armor()) !== undefined)
    throw new UsageError(`there is a ${VAULT_FILE} already`, { hint: 'add people with: picluster vault recipients add' });
  const plain = await plainText(directory);
  const named = await findPublicKeys(flags.recipient);
  const own = await ownKey(flags, directory, opened.unlock);
  const unlock = own?.unlock ?? opened.unlock;
  const keys = own ? [own.key, ...named] : named;
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
  if (all.length === 1)
    say(
      'nobody else can: add a second key that lies offline, or the secrets are gone with this one (picluster vault recipients add)',
    );
}

/** Undefined when others are named, or there already. */
async function ownKey(flags: InitFlags, directory: string, unlock: Unlock): Promise<OwnKey | undefined> {
  if (flags.newKey !== undefined || flags.newKeyFile !== undefined) return await makeKey(flags, directory, unlock);
  if (flags.recipient.length > 0) return undefined;
  const there = await readdir(join(directory, RECIPIENTS)).catch(() => []);
  return there.some((name) => name.endsWith('.asc')) ? undefined : await chooseKey(flags, directory, unlock);
}

async function plainText(directory: string): Promise<string | undefined> {
  const { store, mistakes } = await readSecretsFile(join(directory, PLAIN_FILE), PLAIN_FILE);
  if (mistakes.length > 0) throw new ConfigError(`${PLAIN_FILE} cannot be moved into the vault; nothing was written`, mistakes);
  return store.paths().length === 0 ? undefined : await readFile(join(directory, PLAIN_FILE), 'utf8');
}
