import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublicKey } from 'openpgp';
import { ConfigError, type Mistake } from '#src/errors.ts';

/** Folder of the cluster directory with the public keys that secrets are encrypted to. */
export const RECIPIENTS = 'recipients';
const MIN_RSA_BITS = 2048;

/** Who can read what is encrypted. */
export interface Recipient {
  /** `recipients/alex.asc` */
  readonly file: string;
  /** `Alex <alex@example.com>` */
  readonly user: string;
  /** Hexadecimal, upper case. */
  readonly fingerprint: string;
  readonly key: PublicKey;
}

/**
 * All keys of `recipients/*.asc`, by file name, and those that are to be added. Throws ConfigError with everything that keeps one of them from
 * being used, and when there is none.
 */
export async function readRecipients(directory: string, added: readonly Recipient[] = []): Promise<Recipient[]> {
  const entries = await readdir(join(directory, RECIPIENTS)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const recipients: Recipient[] = [];
  const mistakes: Mistake[] = [];
  for (const entry of entries.filter((name) => name.endsWith('.asc') && !name.startsWith('.')).sort()) {
    const file = `${RECIPIENTS}/${entry}`;
    const read = await readRecipient(file, await readFile(join(directory, file), 'utf8'));
    if ('key' in read) recipients.push(read);
    else mistakes.push({ file, line: 1, column: 1, path: '', message: read.refusal });
  }
  if (mistakes.length > 0) throw new ConfigError('secrets cannot be encrypted to these keys; nothing was written', mistakes);
  const known = new Set(recipients.map(({ fingerprint }) => fingerprint));
  recipients.push(...added.filter(({ fingerprint }) => !known.has(fingerprint)));
  if (recipients.length === 0)
    throw new ConfigError(`there is no public key in ${directory}/${RECIPIENTS}: nobody could read what is encrypted`, [], {
      hint: `put yours there: gpg --armor --export you@example.com > ${RECIPIENTS}/you.asc`,
    });
  return recipients;
}

/** One armoured public key, or why nothing may be encrypted to it. */
export async function readRecipient(file: string, armor: string, now = new Date()): Promise<Recipient | { refusal: string }> {
  const { readKeys } = await import('openpgp');
  const keys = await readKeys({ armoredKeys: armor }).catch(() => []);
  const [key] = keys;
  if (!key) return { refusal: 'is not an ASCII-armoured OpenPGP public key (gpg --armor --export)' };
  if (keys.length > 1) return { refusal: `holds ${keys.length} keys; a file is one person's` };
  if (key.isPrivate()) return { refusal: 'holds a private key: remove it here and from the history of git, and change the key' };
  const user = key.getUserIDs()[0] ?? 'nobody';
  const fingerprint = key.getFingerprint().toUpperCase();
  const why = await refusalOf(key, now);
  return why === undefined ? { file, user, fingerprint, key } : { refusal: `the key ${fingerprint} of ${user} ${why}` };
}

async function refusalOf(key: PublicKey, now: Date): Promise<string | undefined> {
  if (await key.isRevoked(undefined, undefined, now)) return 'is revoked';
  const expires = await key.getExpirationTime();
  if (expires instanceof Date && expires <= now) return `expired on ${expires.toISOString().slice(0, 10)}`;
  const weak = weakness(key);
  if (weak) return weak;
  const encrypting = await key.getEncryptionKey(undefined, now).catch((error: Error) => error);
  if (encrypting instanceof Error) {
    const weakSubkey = key.getSubkeys().map(weakness).find(Boolean);
    return (
      weakSubkey ?? `has no part that can be encrypted to: ${encrypting.message.replace(/^Could not find .* in key \w+: /, '')}`
    );
  }
  return weakness(encrypting) ?? (await weakSignature(key, now));
}

/** Whoever can make two keys with the same SHA-1 can move a signature from one to the other. */
async function weakSignature(key: PublicKey, now: Date): Promise<string | undefined> {
  const { config, enums } = await import('openpgp');
  const rejectHashAlgorithms = new Set([...config.rejectHashAlgorithms, enums.hash.sha1]);
  const isSound = await key.getEncryptionKey(undefined, now, undefined, { ...config, rejectHashAlgorithms }).then(
    () => true,
    () => false,
  );
  return isSound ? undefined : 'is too weak: it is signed with SHA-1 (a new expiry date signs it anew: gpg --quick-set-expire)';
}

function weakness(key: { getAlgorithmInfo(): { algorithm: string; bits?: number } }): string | undefined {
  const { algorithm, bits } = key.getAlgorithmInfo();
  if (algorithm === 'dsa' || algorithm === 'elgamal') return `is too weak: ${algorithm === 'dsa' ? 'DSA' : 'ElGamal'}`;
  if (algorithm.startsWith('rsa') && (bits ?? 0) < MIN_RSA_BITS) return `is too weak: RSA with ${bits} bits`;
  return undefined;
}
