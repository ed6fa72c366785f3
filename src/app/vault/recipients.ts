import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '#src/errors.ts';
import { findPublicKeys, type PublicKeyText } from '#src/secrets/openpgp/find-key.ts';
import { RECIPIENTS, type Recipient, readRecipients } from '#src/secrets/openpgp/recipients.ts';
import { VAULT_FILE } from '#src/secrets/read.ts';
import { openVault, say, type VaultFlags } from './common.ts';

/** Prints who can read what is encrypted from now on. */
export async function listRecipients(flags: VaultFlags): Promise<void> {
  const { directory } = await openVault(flags);
  for (const { fingerprint, user, file } of await readRecipients(directory)) say(`${fingerprint}  ${user}  ${file}`);
}

/** Adds public keys and encrypts the vault anew. */
export async function addRecipients(names: readonly string[], flags: VaultFlags): Promise<void> {
  const { directory, vault } = await openVault(flags);
  const keys = await findPublicKeys(names);
  const all = await readRecipients(
    directory,
    keys.map(({ recipient }) => recipient),
  );
  await vault.write(await vault.read(), all);
  await keepKeys(directory, keys);
  await tellReaders(directory);
}

/** Removes recipients, by file, address or fingerprint, and encrypts the vault anew to those that remain. */
export async function removeRecipients(names: readonly string[], flags: VaultFlags): Promise<void> {
  const { directory, vault } = await openVault(flags);
  const all = await readRecipients(directory);
  const gone = new Set(names.map((name) => theOne(all, name)));
  const remaining = all.filter((recipient) => !gone.has(recipient));
  if (remaining.length === 0) throw new UsageError('nobody would be left to read the vault; nothing was changed');
  await vault.write(await vault.read(), remaining);
  for (const { file, user } of gone) {
    await rm(join(directory, file));
    say(`removed ${user} (${file})`);
  }
  say('the history of git keeps what they could read: change every secret that they must not know');
  await tellReaders(directory);
}

/** Encrypts the vault anew: a new session key, the recipients as they are now. */
export async function rekeyVault(flags: VaultFlags): Promise<void> {
  const { directory, vault } = await openVault(flags);
  await vault.write(await vault.read());
  await tellReaders(directory);
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
