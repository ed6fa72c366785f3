import { open } from 'node:fs/promises';
import { execa } from 'execa';
import { StepFailedError, UsageError } from '#src/errors.ts';
import type { PublicKeyText } from './find-key.ts';
import { findPublicKeys } from './find-key.ts';
import { terminal } from './gpg.ts';
import { readRecipient } from './recipients.ts';

/** A person may look for words for a while. */
const BOUND_MS = 600_000;

export interface Person {
  readonly name: string;
  readonly email: string;
}

/** `Alex <alex@example.com>` -> its parts. Throws UsageError. Pure. */
export function personOf(text: string): Person {
  const [, name = '', email = ''] =
    /^\s*([^<>()"\x00-\x1f]{2,}?)\s*<([^\s<>@\x00-\x1f]+@[^\s<>@\x00-\x1f]+)>\s*$/.exec(text) ?? [];
  if (email === '') throw new UsageError(`"${text}" is not of the form: Name <address>`);
  return { name, email };
}

/**
 * A key pair in the user's gpg: ed25519 and cv25519, without an end. Its passphrase is asked for by pinentry, unless it is given.
 * Throws StepFailedError with what gpg said.
 */
export async function newKeyInGpg({ name, email }: Person, passphrase: string | undefined): Promise<PublicKeyText> {
  const lines = [
    ...['Key-Type: EDDSA', 'Key-Curve: ed25519', 'Key-Usage: sign'],
    ...['Subkey-Type: ECDH', 'Subkey-Curve: cv25519', 'Subkey-Usage: encrypt'],
    ...[`Name-Real: ${name}`, `Name-Email: ${email}`, 'Expire-Date: 0', '%commit', ''],
  ];
  // gpg takes the first line as the passphrase, and reads on.
  const loopback = passphrase === undefined ? [] : ['--pinentry-mode', 'loopback', '--passphrase-fd', '0'];
  const input = [...(passphrase === undefined ? [] : [passphrase]), ...lines].join('\n');
  const result = await execa('gpg', ['--batch', '--no-tty', '--status-fd', '1', ...loopback, '--generate-key'], {
    input,
    env: terminal(),
    reject: false,
    timeout: BOUND_MS,
  });
  const fingerprint = /KEY_CREATED \w ([0-9A-F]{40})/.exec(result.stdout ?? '')?.[1];
  if (result.exitCode !== 0 || fingerprint === undefined)
    throw new StepFailedError('gpg made no key; nothing was changed', { output: result.stderr ?? '' });
  const [key] = await findPublicKeys([fingerprint]);
  if (!key) throw new StepFailedError(`gpg does not know the key ${fingerprint} that it made`);
  return key;
}

/** A key pair of the same kind, whose private part lies in a new file, 0600, encrypted with a passphrase. Throws UsageError when the file cannot be made. */
export async function newKeyInFile({ name, email }: Person, file: string, passphrase: string): Promise<PublicKeyText> {
  const { generateKey } = await import('openpgp');
  // The older name of the curve: GnuPG 2.2 knows no other.
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'curve25519Legacy',
    userIDs: [{ name, email }],
    passphrase,
    format: 'armored',
  });
  const recipient = await readRecipient(file, publicKey);
  if ('refusal' in recipient) throw new TypeError(`the key that was made ${recipient.refusal}`);
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the private key cannot be written to ${file} (${error.code}); nothing was changed`);
  });
  try {
    await handle.writeFile(privateKey);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { recipient, armor: publicKey };
}

/** Fingerprints and names of the keys that the user's gpg has the private part of and can encrypt to; none when there is no gpg. */
export async function ownKeys(): Promise<{ fingerprint: string; user: string }[] | undefined> {
  const args = ['--batch', '--no-tty', '--with-colons', '--list-secret-keys'];
  const result = await execa('gpg', args, { reject: false, timeout: 30_000 });
  return result.code === 'ENOENT' ? undefined : keysIn(result.stdout);
}

/** Reads gpg's colon listing (doc/DETAILS of GnuPG): capital E among a key's capabilities says that something of it encrypts. Pure. */
export function keysIn(listing: string): { fingerprint: string; user: string }[] {
  const keys: { fingerprint: string; user: string }[] = [];
  let isNext = false;
  for (const fields of listing.split('\n').map((line) => line.split(':'))) {
    const [type, , , , , , , , , tenth = '', , capabilities = ''] = fields;
    if (type === 'sec') isNext = capabilities.includes('E');
    const last = keys.at(-1);
    if (type === 'fpr' && isNext) {
      keys.push({ fingerprint: tenth, user: '' });
      isNext = false;
    } else if (type === 'uid' && last?.user === '') last.user = tenth;
  }
  return keys;
}
