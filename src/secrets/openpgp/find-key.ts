import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { UsageError } from '#src/errors.ts';
import { type Recipient, readRecipient } from './recipients.ts';

/** A public key as it can be kept in a file. */
export interface PublicKeyText {
  readonly recipient: Recipient;
  readonly armor: string;
}

/**
 * Public keys by file name, or by what gpg knows them by (address, fingerprint).
 * Throws UsageError when there is none, several, or one that nothing may be encrypted to.
 */
export const findPublicKeys = (names: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<PublicKeyText[]> =>
  Promise.all(names.map((name) => findPublicKey(name, env)));

async function findPublicKey(name: string, env: Readonly<Record<string, string>>): Promise<PublicKeyText> {
  const armor = (await readFile(name, 'utf8').catch(() => undefined)) ?? (await exportedByGpg(name, env));
  if (!armor)
    throw new UsageError(`"${name}" is neither a file nor a key that gpg knows`, { hint: 'gpg --list-keys shows them' });
  const recipient = await readRecipient(name, armor);
  if ('refusal' in recipient) throw new UsageError(`${name}: ${recipient.refusal}`);
  return { recipient, armor };
}

async function exportedByGpg(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ['--batch', '--no-tty', '--armor', '--export-options', 'export-minimal', '--export', '--', name];
  const { stdout } = await execa('gpg', args, { env, reject: false, stripFinalNewline: false, timeout: 30_000 });
  return stdout ?? '';
}
