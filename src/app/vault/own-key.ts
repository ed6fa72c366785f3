import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from '#src/errors.ts';
import { findPublicKeys, type PublicKeyText } from '#src/secrets/openpgp/find-key.ts';
import { newKeyInFile, newKeyInGpg, ownKeys, personOf } from '#src/secrets/openpgp/new-key.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { say } from './common.ts';
import { newPassphrase } from './new-passphrase.ts';

export interface OwnKeyFlags {
  /** `Name <address>` */
  newKey?: string;
  newKeyFile?: string;
  passphraseFd?: string;
}

export interface OwnKey {
  readonly key: PublicKeyText;
  /** What opens messages to it. */
  readonly unlock: Unlock;
}

/** A new key pair, as the flags say: in the user's gpg, or in a file. */
export async function makeKey(flags: OwnKeyFlags, directory: string, unlock: Unlock): Promise<OwnKey> {
  const person = personOf(flags.newKey ?? (await ask('Your name and address, as in Name <address>: ')));
  if (flags.newKeyFile === undefined) {
    const passphrase = flags.passphraseFd === undefined ? undefined : await unlock.passphrase('');
    return { key: await newKeyInGpg(person, passphrase), unlock };
  }
  const keyFile = resolve(flags.newKeyFile);
  if (keyFile.startsWith(`${directory}/`))
    throw new UsageError(`${keyFile} is in the cluster directory, where git would take it; nothing was changed`);
  const passphrase = await newPassphrase(unlock);
  const key = await newKeyInFile(person, keyFile, passphrase);
  say(`the private key is in ${keyFile}: keep a copy where no machine is, and set PICLUSTER_VAULT_KEY=${keyFile}`);
  return { key, unlock: { ...unlock, keyFile, passphrase: async () => passphrase } };
}

/** For somebody who named no recipient: their own key of gpg, or a new one. Throws UsageError that names the options where nobody can be asked. */
export async function chooseKey(flags: OwnKeyFlags, directory: string, unlock: Unlock): Promise<OwnKey> {
  const own = await ownKeys();
  if (!process.stdin.isTTY) throw nobodyNamed(own);
  const [only] = own ?? [];
  if (own?.length === 1 && only) {
    if (isYes(await ask(`Encrypt to your key ${only.user} (${only.fingerprint})? [Y/n] `)))
      return { key: await byFingerprint(only.fingerprint), unlock };
    throw nobodyNamed(own);
  }
  if (own !== undefined && own.length > 1) throw nobodyNamed(own);
  if (own !== undefined) {
    if (!isYes(await ask('You have no OpenPGP key. Make one with gpg? [Y/n] '))) throw nobodyNamed(own);
    return await makeKey(flags, directory, unlock);
  }
  const newKeyFile = await ask('There is no gpg here. A new private key goes into the file: ');
  if (newKeyFile === '') throw nobodyNamed(own);
  return await makeKey({ ...flags, newKeyFile }, directory, unlock);
}

async function byFingerprint(fingerprint: string): Promise<PublicKeyText> {
  const [key] = await findPublicKeys([fingerprint]);
  if (!key) throw new TypeError(`gpg lists ${fingerprint} and does not export it`);
  return key;
}

function nobodyNamed(own: readonly { fingerprint: string; user: string }[] | undefined): UsageError {
  const keys = (own ?? []).map(({ fingerprint, user }) => `-r ${fingerprint}  ${user}`);
  return new UsageError('nobody could read the vault: no recipient is named, and recipients/ has no key; nothing was changed', {
    ...(keys.length > 0 && { output: `your gpg has\n${keys.join('\n')}` }),
    hint: `-r KEY (a file, or what gpg knows), or a new key pair: --new-key 'Name <address>' in gpg, with --new-key-file FILE without it`,
  });
}

const isYes = (answer: string): boolean => /^(?:|y|yes)$/i.test(answer);

/** One line from the terminal. Throws InterruptedError on Ctrl-C and Ctrl-D. */
async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new UsageError('nobody can be asked whose key it is to be; nothing was changed', {
      hint: `--new-key 'Name <address>'`,
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupted = (): void => reject(new InterruptedError('interrupted; nothing was changed'));
  lines.once('SIGINT', interrupted).once('close', interrupted);
  promise.catch(() => {});
  try {
    return (await Promise.race([lines.question(question), promise])).trim();
  } finally {
    lines.close();
  }
}
