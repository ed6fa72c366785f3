import type { PrivateKey } from 'openpgp';

/** What opens messages beside the user's gpg. */
export interface Unlock {
  /** Armoured private key, for when gpg does not hold it. */
  readonly keyFile?: string | undefined;
  /** Keys that were unlocked, by fingerprint: to try a passphrase takes half a second on purpose. Without it that is done for every message. */
  readonly unlockedKeys?: Map<string, Promise<PrivateKey>>;
  /** Asks for a passphrase; whoever implements it asks a person once for the same question. Undefined: nobody answered. */
  passphrase(question: string): Promise<string | undefined>;
  /** Environment of gpg: GNUPGHOME. Default: that of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}
