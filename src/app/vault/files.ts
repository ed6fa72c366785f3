import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PermissionError, UsageError } from '#src/errors.ts';
import { isArmored } from '#src/secrets/openpgp/armor.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptSymmetric, encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { readRecipients } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { PLAIN_FILE } from '#src/secrets/read.ts';
import { writeAside } from '#src/secrets/write-aside.ts';
import { openVault, say, type VaultFlags } from './common.ts';

/** Encrypts files where they stand, to the recipients or with a passphrase. All are read and encrypted before the first is replaced. */
export async function encryptFiles(names: readonly string[], flags: VaultFlags & { symmetric?: boolean }): Promise<void> {
  const { directory, unlock } = await openVault(flags);
  const plain = new Map<string, Buffer>();
  // A link stays one: what it leads to is encrypted.
  for (const name of names) plain.set(await realpath(name).catch(() => name), await plainBytes(name, directory));
  const encrypt = flags.symmetric ? await withPassphrase(unlock) : await toRecipients(directory);
  const armors = new Map<string, string>();
  for (const [path, bytes] of plain) armors.set(path, await encrypt(bytes));
  for (const [path, armor] of armors) {
    await writeAside(path, armor);
    say(`encrypted ${path}`);
  }
  say('the disk and the history of git may still hold what they were');
}

/** Prints what a file holds in clear. */
export async function decryptFile(name: string, flags: VaultFlags): Promise<void> {
  const { unlock } = await openVault(flags);
  process.stdout.write(await decrypt(name, (await readNamed(name)).toString('utf8'), unlock));
}

async function plainBytes(name: string, directory: string): Promise<Buffer> {
  const bytes = await readNamed(name);
  if (isArmored(bytes.subarray(0, 200).toString('latin1')))
    throw new UsageError(`${name} is encrypted already; nothing was changed`);
  if (resolve(name) === join(directory, PLAIN_FILE))
    throw new UsageError(`${name} is read in clear by every command; nothing was changed`, {
      hint: 'its secrets move into the vault with: picluster vault init',
    });
  return bytes;
}

const readNamed = (name: string): Promise<Buffer> =>
  readFile(name).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${name} cannot be read (${error.code}); nothing was changed`);
  });

async function toRecipients(directory: string): Promise<(bytes: Buffer) => Promise<string>> {
  const recipients = await readRecipients(directory);
  return (bytes) => encryptTo(recipients, bytes);
}

/** Typed twice, as nobody sees what is typed. */
async function withPassphrase(unlock: Unlock): Promise<(bytes: Buffer) => Promise<string>> {
  const passphrase = await unlock.passphrase('new passphrase: ');
  const again = await unlock.passphrase('once more: ');
  if (!passphrase)
    throw new PermissionError('nobody typed a passphrase; nothing was changed', { hint: 'or give it with --passphrase-fd' });
  if (passphrase !== again) throw new UsageError('the two passphrases differ; nothing was changed');
  return (bytes) => encryptSymmetric(passphrase, bytes);
}
