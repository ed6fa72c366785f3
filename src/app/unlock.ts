import { readFile } from 'node:fs';
import { promisify } from 'node:util';
import { UsageError } from '#src/errors.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { askSecret } from './ask-secret.ts';

export interface UnlockFlags {
  /** --key: file with an armoured private key. */
  key?: string;
  /** --passphrase-fd */
  passphraseFd?: string;
}

/**
 * What the operator gives to open secrets: `PICLUSTER_VAULT_KEY` names a private key file, `PICLUSTER_VAULT_PASSPHRASE_FD` the number of an open
 * file whose text is the passphrase; without it a person is asked. Flags are stronger. The same question is answered once per process.
 */
export function unlockOf(env: Readonly<Record<string, string | undefined>>, flags: UnlockFlags = {}): Unlock {
  const keyFile = flags.key ?? env.PICLUSTER_VAULT_KEY;
  const fd = flags.passphraseFd ?? env.PICLUSTER_VAULT_PASSPHRASE_FD;
  const answers = new Map<string, Promise<string | undefined>>();
  const answer = (question: string, ask: () => Promise<string | undefined>): Promise<string | undefined> => {
    const given = answers.get(question) ?? ask();
    answers.set(question, given);
    return given;
  };
  return {
    ...(keyFile ? { keyFile } : {}),
    unlockedKeys: new Map(),
    passphrase: (question) =>
      fd === undefined ? answer(question, () => askSecret(question)) : answer('', () => passphraseFrom(fd)),
  };
}

/** Everything up to the end of an open file, without the line's end. `fd`: its number. Throws UsageError. */
export async function passphraseFrom(fd: string): Promise<string> {
  if (!/^\d+$/.test(fd)) throw new UsageError(`the passphrase's file descriptor is a number, not "${fd}"`);
  const text = await promisify(readFile)(Number(fd), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`no passphrase can be read from file descriptor ${fd} (${error.code})`);
  });
  return text.replace(/\r?\n$/, '');
}
