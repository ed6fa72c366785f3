import { join } from 'node:path';
import { isArmored } from '#src/secrets/openpgp/armor.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptSymmetric, encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { readRecipients } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { PLAIN_FILE } from '#src/secrets/read.ts';
import { type NewContent, writeAllAside } from '#src/secrets/write-aside.ts';
import { changeVault, openVault, say, type VaultFlags } from './common.ts';
import { filesToReplace, fileToRead, larger, MAX_PLAIN_BYTES, type NamedFile } from './named-files.ts';
import { newPassphrase } from './new-passphrase.ts';

/** Encrypts files where they stand, to the recipients or with a passphrase. All are read and encrypted before the first is replaced. */
export const encryptFiles = (names: readonly string[], flags: VaultFlags & { symmetric?: boolean }): Promise<void> =>
  changeVault(flags, 'vault encrypt', async ({ directory, unlock }) => {
    const plain = await filesToReplace(names, (file) => notToEncrypt(file, directory));
    const encrypt = flags.symmetric ? await withPassphrase(unlock) : await toRecipients(directory);
    const encrypted: NewContent[] = [];
    for (const { path, bytes } of plain) encrypted.push({ path, content: await encrypt(bytes) });
    await writeAllAside(encrypted);
    for (const { path } of encrypted) say(`encrypted ${path}`);
    say('the disk and the history of git may still hold what they were');
  });

/** Decrypts files where they stand, to mode 0600. All are decrypted before the first is replaced. */
export const decryptFiles = (names: readonly string[], flags: VaultFlags): Promise<void> =>
  changeVault(flags, 'vault decrypt', async ({ unlock }) => {
    const armored = await filesToReplace(names, notToDecrypt);
    const plain: NewContent[] = [];
    for (const { name, path, bytes } of armored)
      plain.push({ path, content: await decrypt(name, bytes.toString('utf8'), unlock), mode: 0o600 });
    await writeAllAside(plain);
    for (const { path } of plain) say(`decrypted ${path}`);
    say('they are in clear now: encrypt them again before git sees them');
  });

/** Prints what files hold in clear; they stay encrypted. */
export async function printDecrypted(names: readonly string[], flags: VaultFlags): Promise<void> {
  const { unlock } = await openVault(flags);
  const plain: Buffer[] = [];
  for (const name of names) plain.push(await decrypt(name, (await fileToRead(name)).bytes.toString('utf8'), unlock));
  for (const bytes of plain) process.stdout.write(bytes);
}

function notToEncrypt({ path, bytes }: NamedFile, directory: string): string | undefined {
  const begin = bytes.subarray(0, 200).toString('latin1');
  if (isArmored(begin)) return 'is encrypted already';
  if (begin.startsWith('$ANSIBLE_VAULT;')) return 'is encrypted already, by ansible-vault: picluster vault import-ansible';
  if (bytes.length > MAX_PLAIN_BYTES) return larger(MAX_PLAIN_BYTES);
  if (path === join(directory, PLAIN_FILE))
    return 'is read in clear by every command; its secrets move into the vault with: picluster vault init';
  return undefined;
}

function notToDecrypt({ path, bytes }: NamedFile): string | undefined {
  if (!isArmored(bytes.subarray(0, 200).toString('latin1'))) return 'is not an ASCII-armoured OpenPGP message';
  if (/(?:^|[/.])secrets\.yaml\.asc$/.test(path))
    return 'is read encrypted by every command: picluster vault view, edit, export, or decrypt --stdout';
  return undefined;
}

async function toRecipients(directory: string): Promise<(bytes: Buffer) => Promise<string>> {
  const recipients = await readRecipients(directory);
  return (bytes) => encryptTo(recipients, bytes);
}

async function withPassphrase(unlock: Unlock): Promise<(bytes: Buffer) => Promise<string>> {
  const passphrase = await newPassphrase(unlock);
  return (bytes) => encryptSymmetric(passphrase, bytes);
}
