import { PermissionError } from '#src/errors.ts';
import { damaged, openedBy } from './armor.ts';
import { gpgDecrypt } from './gpg.ts';
import { decryptSymmetric, decryptWithKeyFile, takesPassphrase } from './private-key.ts';
import { tooBig } from './too-big.ts';
import type { Unlock } from './unlock.ts';

/**
 * Opens an armoured OpenPGP message: by the user's gpg when it holds a key, else by the private key file; a symmetric one by its passphrase.
 * `file` is its name in messages. Throws ConfigError when it is damaged, PermissionError when no key or passphrase opens it.
 */
export async function decrypt(file: string, armor: string, unlock: Unlock): Promise<Buffer> {
  if (openedBy(file, armor) === 'passphrase') return await decryptSymmetric(file, armor, unlock);
  const answer = await gpgDecrypt(armor, unlock.env);
  if (answer.kind === 'plain') return answer.plain;
  if (answer.kind === 'damaged') throw damaged(file, 'is damaged: what it holds is not what was encrypted', answer.said);
  if (answer.kind === 'too big') throw tooBig(file);
  const { keyFile } = unlock;
  const plain = keyFile === undefined ? undefined : await decryptWithKeyFile(file, armor, { ...unlock, keyFile });
  if (plain) return plain;
  if (answer.kind === 'no key' && (await takesPassphrase(file, armor))) return await decryptSymmetric(file, armor, unlock);
  if (answer.kind === 'locked')
    throw new PermissionError(`gpg could not unlock the key that opens ${file}`, {
      output: answer.said,
      hint: 'without a terminal gpg-agent must know the passphrase already; or name a private key file: PICLUSTER_VAULT_KEY=FILE',
    });
  const ids = answer.keyIds.length > 0 ? ` (it is for ${answer.keyIds.join(', ')})` : '';
  throw new PermissionError(`no key here opens ${file}${ids}`, {
    hint:
      keyFile === undefined
        ? 'neither gpg has one (gpg --list-secret-keys) nor is a private key file named: PICLUSTER_VAULT_KEY=FILE'
        : `neither gpg nor ${keyFile} has one; ask one of the recipients to add you`,
  });
}
