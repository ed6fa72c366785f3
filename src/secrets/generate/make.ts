import type { Credential, CredentialOf } from '../catalogue/schema.ts';
import { base64, cookieSecret, hex, k3sToken, password, token } from './random.ts';

export interface Making {
  readonly cluster: string;
  readonly domain: string;
  readonly now: Date;
  /** What stands in the vault, or will after this run. */
  value(path: string): string | undefined;
}

/**
 * New values of a credential, by path. What it is made of must be there. Parts that only describe what is there already (the public key of a
 * key that a person gave) are made without replacing it. Throws ConfigError when what is there cannot be used.
 */
export async function makeCredential(
  name: string,
  credential: Exclude<Credential, { kind: 'given' }>,
  making: Making,
): Promise<ReadonlyMap<string, string>> {
  switch (credential.kind) {
    case 'password':
      return new Map([[name, password(credential.length)]]);
    case 'token':
      return new Map([[name, token(credential.length)]]);
    case 'hex':
      return new Map([[name, hex(credential.bytes)]]);
    case 'base64':
      return new Map([[name, base64(credential.bytes)]]);
    case 'k3s-token':
      return new Map([[name, k3sToken()]]);
    case 'cookie-secret':
      return new Map([[name, cookieSecret(credential.bytes)]]);
    case 'htpasswd':
      return new Map([[name, await htpasswd(credential, making)]]);
    case 'ssh-key':
      return await sshKey(name, credential, making);
    case 'tls-ca':
      return parts(name, await authority(credential, making));
    case 'tls-leaf':
      return parts(name, await leaf(credential, making));
  }
}

/** The public key of a private one that is there. */
export async function publicKeyOf(name: string, credential: CredentialOf<'ssh-key'>, making: Making): Promise<string> {
  const { sshPublicKey } = await import('./ssh-key.ts');
  return await sshPublicKey(name, there(making, name), fill(credential.comment, making));
}

async function htpasswd({ user, of }: CredentialOf<'htpasswd'>, making: Making): Promise<string> {
  const { htpasswdLine } = await import('./htpasswd.ts');
  return await htpasswdLine(user, there(making, of));
}

async function sshKey(name: string, credential: CredentialOf<'ssh-key'>, making: Making): Promise<ReadonlyMap<string, string>> {
  const { sshKeyPair } = await import('./ssh-key.ts');
  const pair = await sshKeyPair(fill(credential.comment, making));
  return new Map([
    [name, pair.private],
    [credential.public, pair.public],
  ]);
}

async function authority({ commonName, years }: CredentialOf<'tls-ca'>, making: Making) {
  const { certificateAuthority } = await import('./certificate.ts');
  return await certificateAuthority(fill(commonName, making), years, making.now);
}

async function leaf({ ca, dns, addresses, days }: CredentialOf<'tls-leaf'>, making: Making) {
  const { serverCertificate } = await import('./certificate.ts');
  const signer = { certificate: there(making, `${ca}.certificate`), key: there(making, `${ca}.key`) };
  return await serverCertificate(ca, signer, { dns: dns.map((name) => fill(name, making)), addresses }, days, making.now);
}

const parts = (name: string, { certificate, key }: { certificate: string; key: string }): ReadonlyMap<string, string> =>
  new Map([
    [`${name}.certificate`, certificate],
    [`${name}.key`, key],
  ]);

function there(making: Making, path: string): string {
  const value = making.value(path);
  if (value === undefined) throw new TypeError(`${path} was to be there`);
  return value;
}

const fill = (text: string, { cluster, domain }: Making): string =>
  text.replaceAll('{cluster}', cluster).replaceAll('{domain}', domain);
