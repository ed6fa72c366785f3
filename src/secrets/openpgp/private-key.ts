import { open } from 'node:fs/promises';
import type { Message, PrivateKey } from 'openpgp';
import { ConfigError, PermissionError } from '#src/errors.ts';
import { damaged } from './armor.ts';
import { MAX_PLAIN_BYTES, tooBig } from './too-big.ts';
import type { Unlock } from './unlock.ts';

/** Opens a message with the private key file, without gpg. Undefined when it is encrypted to other keys. */
export async function decryptWithKeyFile(
  file: string,
  armor: string,
  unlock: Unlock & { keyFile: string },
): Promise<Buffer | undefined> {
  const message = await parse(file, armor);
  const wanted = message.getEncryptionKeyIDs();
  const keys = await readPrivate(unlock.keyFile);
  // A key id of zeros hides who it is for: every key is tried.
  const fitting = keys.filter((key) => wanted.some((id) => /^0+$/.test(id.toHex()) || key.getKeys(id).length > 0));
  if (fitting.length === 0) return undefined;
  const decryptionKeys: PrivateKey[] = [];
  for (const key of fitting) {
    const fingerprint = key.getFingerprint();
    const once = unlock.unlockedKeys?.get(fingerprint) ?? unlocked(key, unlock);
    unlock.unlockedKeys?.set(fingerprint, once);
    decryptionKeys.push(await once);
  }
  return await openMessage(file, message, { decryptionKeys });
}

/** Whether a passphrase opens it, perhaps beside keys. */
export async function takesPassphrase(file: string, armor: string): Promise<boolean> {
  const { enums } = await import('openpgp');
  return (await parse(file, armor)).packets.filterByTag(enums.packet.symEncryptedSessionKey).length > 0;
}

/** Opens a message that was encrypted with a passphrase. */
export async function decryptSymmetric(file: string, armor: string, unlock: Unlock): Promise<Buffer> {
  const message = await parse(file, armor);
  return await openMessage(file, message, { passwords: [await passphraseOf(file, unlock)] });
}

/** The passphrase of a file that needs no key. Throws PermissionError when nobody gives it. */
export async function passphraseOf(file: string, unlock: Unlock): Promise<string> {
  const passphrase = await unlock.passphrase(`passphrase of ${file}: `);
  if (passphrase === undefined) throw nobodyTyped(`the passphrase of ${file}`);
  return passphrase;
}

async function parse(file: string, armor: string): Promise<Message<string>> {
  const { readMessage } = await import('openpgp');
  return await readMessage({ armoredMessage: armor }).catch((error: Error) => {
    throw damaged(file, 'is damaged', error.message);
  });
}

async function openMessage(
  file: string,
  message: Message<string>,
  by: { decryptionKeys: PrivateKey[] } | { passwords: string[] },
): Promise<Buffer> {
  const openpgp = await import('openpgp');
  try {
    // One ciphertext is decrypted whole and checked before a byte of it is handed out.
    const { data } = await openpgp.decrypt({
      message,
      format: 'binary',
      config: { maxDecompressedMessageSize: MAX_PLAIN_BYTES },
      ...by,
    });
    return Buffer.from(data as Uint8Array);
  } catch (error) {
    const { message: said } = error as Error;
    if (/maximum decompressed message size/i.test(said)) throw tooBig(file);
    // A message may hold nothing that tells a wrong passphrase from damage.
    if ('passwords' in by)
      throw new PermissionError(`the passphrase does not open ${file}, or it is damaged`, {
        output: said,
        hint: 'type it again; nothing was changed',
      });
    throw damaged(file, 'is damaged: what it holds is not what was encrypted', said);
  }
}

async function readPrivate(keyFile: string): Promise<PrivateKey[]> {
  const { readPrivateKeys } = await import('openpgp');
  const armoredKeys = await readPrivateFile(keyFile);
  return await readPrivateKeys({ armoredKeys }).catch(() => {
    throw new ConfigError(`${keyFile} is not an ASCII-armoured OpenPGP private key`, [], {
      hint: 'export it: gpg --armor --export-secret-keys you@example.com',
    });
  });
}

async function readPrivateFile(keyFile: string): Promise<string> {
  const handle = await open(keyFile).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`the private key ${keyFile} cannot be read (${error.code})`);
  });
  try {
    const found = await handle.stat();
    // A pipe is nobody else's.
    if (found.isFile() && (found.mode & 0o077) !== 0)
      throw new PermissionError(`others can read the private key ${keyFile} (mode 0${(found.mode & 0o777).toString(8)})`, {
        hint: `chmod 600 ${keyFile}; when somebody may have read it, it is no secret any more`,
      });
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function unlocked(key: PrivateKey, unlock: Unlock & { keyFile: string }): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  const { decryptKey } = await import('openpgp');
  const passphrase = await unlock.passphrase(`passphrase of the private key ${unlock.keyFile}: `);
  if (passphrase === undefined) throw nobodyTyped(`the passphrase of the private key ${unlock.keyFile}`);
  return await decryptKey({ privateKey: key, passphrase }).catch((error: Error) => {
    throw new PermissionError(`the passphrase does not unlock the private key ${unlock.keyFile}`, { output: error.message });
  });
}

const nobodyTyped = (what: string): PermissionError =>
  new PermissionError(`nobody typed ${what}`, {
    hint: 'run this at a terminal, or name a file descriptor that gives it: PICLUSTER_VAULT_PASSPHRASE_FD=3 picluster ... 3<FILE',
  });
