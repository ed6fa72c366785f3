import { PermissionError, UsageError } from '#src/errors.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';

/** A passphrase for something new, typed twice, as nobody sees what is typed. Throws PermissionError when nobody types one. */
export async function newPassphrase(unlock: Unlock): Promise<string> {
  const passphrase = await unlock.passphrase('new passphrase: ');
  const again = await unlock.passphrase('once more: ');
  if (!passphrase)
    throw new PermissionError('nobody typed a passphrase; nothing was changed', { hint: 'or give it with --passphrase-fd' });
  if (passphrase !== again) throw new UsageError('the two passphrases differ; nothing was changed');
  return passphrase;
}
