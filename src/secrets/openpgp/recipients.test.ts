import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  generateKey,
  type KeyOptions,
  readKey,
  readPrivateKey,
  revokeKey,
  type SecretKeyPacket,
  type SubkeyOptions,
} from 'openpgp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConfigError } from '#src/errors.ts';
import { readRecipient, readRecipients } from './recipients.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-recipients-'));
});
afterAll(() => rm(directory, { recursive: true }));

const USER = { name: 'Alex', email: 'alex@example.com' };
const LONG_AGO = new Date('2020-01-01T00:00:00Z');
const generate = (options: Partial<KeyOptions> = {}) =>
  generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [USER], ...options, format: 'armored' });

const refusalOf = async (armor: string): Promise<string> => {
  const read = await readRecipient('recipients/alex.asc', armor);
  return 'refusal' in read ? read.refusal : 'none';
};

it('a sound key', async () => {
  const { publicKey } = await generate();
  const { user, fingerprint } = (await readRecipient('recipients/alex.asc', publicKey)) as { user: string; fingerprint: string };
  expect(user).toBe('Alex <alex@example.com>');
  expect(fingerprint).toMatch(/^[0-9A-F]{40}$/);
});

const REFUSED: [string, () => Promise<string>, RegExp][] = [
  [
    'expired',
    async () => (await generate({ date: LONG_AGO, keyExpirationTime: 86_400 })).publicKey,
    /^the key [0-9A-F]{40} of Alex <alex@example.com> expired on 2020-01-02$/,
  ],
  [
    'revoked',
    async () => {
      const { publicKey, revocationCertificate } = await generate();
      const revoked = await revokeKey({ key: await readKey({ armoredKey: publicKey }), revocationCertificate });
      return revoked.publicKey;
    },
    /is revoked$/,
  ],
  [
    'its part to encrypt to expired',
    async () => (await generate({ date: LONG_AGO, subkeys: [{ keyExpirationTime: 86_400 } as SubkeyOptions] })).publicKey,
    /has no part that can be encrypted to: Subkey is expired$/,
  ],
  [
    'its part to encrypt to is revoked',
    async () => {
      const { privateKey } = await generate();
      const key = await readPrivateKey({ armoredKey: privateKey });
      key.subkeys[0] = await key.subkeys[0]!.revoke(key.keyPacket as SecretKeyPacket);
      return key.toPublic().armor();
    },
    /has no part that can be encrypted to: Subkey is revoked$/,
  ],
  [
    'RSA 1024',
    async () => (await generate({ type: 'rsa', rsaBits: 1024, config: { minRSABits: 1024 } })).publicKey,
    /is too weak: RSA with 1024 bits$/,
  ],
  [
    'signs only',
    async () => (await generate({ subkeys: [{ sign: true }] })).publicKey,
    /has no part that can be encrypted to: .+$/,
  ],
  ['private', async () => (await generate()).privateKey, /^holds a private key/],
  ['no key', async () => 'hello', /^is not an ASCII-armoured OpenPGP public key/],
];

it.each(REFUSED)('refused: %s', async (_name, make, expected) => {
  expect(await refusalOf(await make())).toMatch(expected);
});

it('all mistakes of a folder at once; no key at all is one, too', async () => {
  await expect(readRecipients(directory)).rejects.toThrow(/there is no public key in .*recipients: nobody could read/);
  await mkdir(join(directory, 'recipients'));
  const write = (name: string, text: string) => writeFile(join(directory, 'recipients', name), text);
  await write('README.md', 'not a key');
  await write('alex.asc', (await generate()).publicKey);
  expect((await readRecipients(directory)).map(({ file }) => file)).toEqual(['recipients/alex.asc']);
  await write('bad.asc', 'hello');
  await write('worse.asc', (await generate()).privateKey);
  const error = await readRecipients(directory).catch((thrown: unknown) => thrown);
  expect((error as ConfigError).mistakes.map(({ file }) => file)).toEqual(['recipients/bad.asc', 'recipients/worse.asc']);
});
