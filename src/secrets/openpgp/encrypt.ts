import { randomBytes } from 'node:crypto';
import type { Recipient } from './recipients.ts';

/** Bytes -> ASCII-armoured OpenPGP message that every recipient can read. */
export const encryptTo = (recipients: readonly Recipient[], plain: Uint8Array): Promise<string> =>
  encrypt(plain, { encryptionKeys: recipients.map(({ key }) => key) });

/** Bytes -> ASCII-armoured OpenPGP message that whoever knows the passphrase can read. */
export const encryptSymmetric = (passphrase: string, plain: Uint8Array): Promise<string> =>
  encrypt(plain, { passwords: [passphrase] });

async function encrypt(plain: Uint8Array, to: { encryptionKeys: Recipient['key'][] } | { passwords: string[] }): Promise<string> {
  const openpgp = await import('openpgp');
  const message = await openpgp.createMessage({ binary: plain });
  // A session key without an AEAD algorithm makes SEIPD version 1, whatever the keys say they can: GnuPG 2.2 reads no other.
  const sessionKey = { data: new Uint8Array(randomBytes(32)), algorithm: 'aes256' as const };
  return await openpgp.encrypt({ message, sessionKey, ...to });
}
