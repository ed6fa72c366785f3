import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '#src/errors.ts';
import { findPublicKeys, type PublicKeyText } from '#src/secrets/openpgp/find-key.ts';
import { RECIPIENTS, type Recipient, readRecipients } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { VAULT_FILE } from '#src/secrets/read.ts';
import { changeVault, openVault, say, type VaultFlags } from './common.ts';
import { encryptAnew } from './encrypt-anew.ts';

/** Prints who can read what is encrypted from now on. */
export async function listRecipients(flags: VaultFlags): Promise<void> {
  const { directory } = await openVault(flags);
  for (const { fingerprint, user, file } of await readRecipients(directory)) say(`${fingerprint}  ${user}  ${file}`);
}

/** Adds public keys and encrypts everything anew. */
export const addRecipients = (names: readonly string[], flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault recipients add', async ({ directory, unlock, vault }) => {
    await vault.mustExist();
    const keys = await findPublicKeys(names);
    const added = keys.map(({ recipient }) => recipient);
    await encryptAll(directory, unlock, await readRecipients(directory, added));
    await keepKeys(directory, keys);
    await tellReaders(directory);
  });

/** Removes recipients, by file, address or fingerprint, and encrypts everything anew to those that remain. */
export const removeRecipients = (names: readonly string[], flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault recipients remove', async ({ directory, unlock, vault }) => {
    await vault.mustExist();
    const all = await readRecipients(directory);
    const gone = new Set(names.map((name) => theOne(all, name)));
    const remaining = all.filter((recipient) => !gone.has(recipient));
    if (remaining.length === 0) throw new UsageError('nobody would be left to read the vault; nothing was changed');
    await encryptAll(directory, unlock, remaining);
    for (const { file, user } of gone) {
      await rm(join(directory, file));
      say(`removed ${user} (${file})`);
    }
    say('the history of git keeps what they could read: change every secret that they must not know');
    await tellReaders(directory);
  });

/** Encrypts everything anew: new session keys, the recipients as they are now. */
export const rekeyVault = (flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault rekey', async ({ directory, unlock, vault }) => {
    await vault.mustExist();
    await encryptAll(directory, unlock, await readRecipients(directory));
    await tellReaders(directory);
  });

async function encryptAll(directory: string, unlock: Unlock, recipients: readonly Recipient[]): Promise<void> {
  for (const file of await encryptAnew(directory, unlock, recipients)) say(`encrypted ${file} anew`);
}

/** Writes public keys into the folder of recipients. */
export async function keepKeys(directory: string, keys: readonly PublicKeyText[]): Promise<void> {
  await mkdir(join(directory, RECIPIENTS), { recursive: true });
  for (const { recipient, armor } of keys) {
    // By fingerprint: two people may have the same name, and a key that is there already is the same file.
    const file = `${RECIPIENTS}/${recipient.fingerprint}.asc`;
    await writeFile(join(directory, file), armor);
    say(`added ${recipient.user} (${file})`);
  }
}

export async function tellReaders(directory: string): Promise<void> {
  const users = (await readRecipients(directory)).map(({ user }) => user);
  say(`${VAULT_FILE} can be read by ${users.join(', ')}`);
}

function theOne(all: readonly Recipient[], name: string): Recipient {
  const wanted = name.toLowerCase().replaceAll(' ', '');
  const found = all.filter(
    ({ file, user, fingerprint }) =>
      file === name || user.toLowerCase().includes(`<${wanted}>`) || fingerprint.toLowerCase() === wanted,
  );
  const [only] = found;
  if (found.length === 1 && only) return only;
  throw new UsageError(`${found.length === 0 ? 'no recipient is' : 'several recipients are'} "${name}"; nothing was changed`, {
    hint: 'picluster vault recipients list',
  });
}
