import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { ConfigError, PermissionError } from '#src/errors.ts';

/** First line of what `ansible-vault` encrypts; 1.2 adds the name of the vault's id, which says nothing about the key. */
const HEADER = /^\$ANSIBLE_VAULT;1\.(?:1;AES256|2;AES256;[^\s;]+)$/;
const ROUNDS = 10_000;
const KEY_BYTES = 32;
const IV_BYTES = 16;
const BLOCK_BYTES = 16;

/**
 * Plain text of a file of ansible-vault, formats 1.1 and 1.2: PBKDF2 with SHA-256 gives keys for AES-256-CTR and HMAC-SHA-256, which is checked first.
 * `file` is its name in messages. Throws ConfigError when it is not such a file, or not whole; PermissionError when the passphrase does not fit.
 */
export function decryptAnsibleVault(file: string, text: string, passphrase: string): string {
  const { salt, hmac, ciphertext } = partsOf(file, text);
  const keys = pbkdf2Sync(passphrase, salt, ROUNDS, 2 * KEY_BYTES + IV_BYTES, 'sha256');
  const expected = createHmac('sha256', keys.subarray(KEY_BYTES, 2 * KEY_BYTES))
    .update(ciphertext)
    .digest();
  if (hmac.length !== expected.length || !timingSafeEqual(hmac, expected))
    throw new PermissionError(`the passphrase does not open ${file}, or the file was changed`, { hint: 'nothing was changed' });
  const decipher = createDecipheriv('aes-256-ctr', keys.subarray(0, KEY_BYTES), keys.subarray(2 * KEY_BYTES));
  return withoutPadding(Buffer.concat([decipher.update(ciphertext), decipher.final()])).toString('utf8');
}

/** Hexadecimal of three lines that are hexadecimal themselves: salt, HMAC, ciphertext. */
function partsOf(file: string, text: string): { salt: Buffer; hmac: Buffer; ciphertext: Buffer } {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  if (!HEADER.test(header.trim()))
    throw notOne(file, 'does not begin as a file of ansible-vault does (format 1.1 or 1.2, AES256)');
  const inner = fromHex(lines.map((line) => line.trim()).join(''))
    ?.toString('latin1')
    .split('\n');
  const [salt, hmac, ciphertext] = (inner ?? []).map(fromHex);
  if (inner?.length !== 3 || !salt || !hmac || !ciphertext) throw notOne(file, 'is not whole: a part of it is missing');
  return { salt, hmac, ciphertext };
}

const fromHex = (text: string): Buffer | undefined =>
  text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;

/** PKCS #7. */
function withoutPadding(padded: Buffer): Buffer {
  const length = padded.at(-1) ?? 0;
  return length >= 1 && length <= BLOCK_BYTES ? padded.subarray(0, padded.length - length) : padded;
}

const notOne = (file: string, why: string): ConfigError => new ConfigError(`${file} ${why}; nothing was changed`);
