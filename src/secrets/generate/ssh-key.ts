import { ConfigError } from '#src/errors.ts';

export interface SshKeyPair {
  /** OpenSSH's own format, without a passphrase. */
  readonly private: string;
  /** One line, as in authorized_keys. */
  readonly public: string;
}

export async function sshKeyPair(comment: string): Promise<SshKeyPair> {
  const { default: ssh2 } = await import('ssh2');
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { private: `${pair.private.trimEnd()}\n`, public: pair.public.trim() };
}

/** The line of a private key that a person gave. Throws ConfigError when it cannot be read. */
export async function sshPublicKey(path: string, privateKey: string, comment: string): Promise<string> {
  const { default: ssh2 } = await import('ssh2');
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error)
    throw new ConfigError(`${path} is no private key that can be read (${key.message}); nothing was written`);
  return `${key.type} ${key.getPublicSSH().toString('base64')} ${comment}`;
}
