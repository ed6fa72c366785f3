import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, PermissionError } from '#src/errors.ts';
import { GpgHome } from '../testing/gpg-home.ts';
import { decrypt } from './decrypt.ts';
import { encryptSymmetric, encryptTo } from './encrypt.ts';
import { type Recipient, readRecipient } from './recipients.ts';
import type { Unlock } from './unlock.ts';

const PLAIN = 'k3s:\n  token: swordfish\n# tschüß 🔑\n';
const PASSPHRASE = 'a long passphrase';
const PEOPLE = ['alex', 'robin', 'sam'] as const;
type Person = (typeof PEOPLE)[number];

let home: GpgHome;
let stranger: GpgHome;
let directory: string;
const recipients = {} as Record<Person, Recipient>;

/** alex has ed25519/cv25519, robin RSA 4096, sam a passphrase. */
beforeAll(async () => {
  [home, stranger] = await Promise.all([GpgHome.create(), GpgHome.create()]);
  directory = await mkdtemp(join(tmpdir(), 'picluster-openpgp-'));
  await home.generate('alex');
  await home.generateOf('robin', ['Key-Type: RSA', 'Key-Length: 4096', 'Subkey-Type: RSA', 'Subkey-Length: 4096']);
  await home.generate('sam', PASSPHRASE);
  for (const name of PEOPLE) {
    const read = await readRecipient(`recipients/${name}.asc`, await home.exportPublic(name));
    if ('refusal' in read) throw new Error(read.refusal);
    recipients[name] = read;
    await writeFile(keyFile(name), await home.exportPrivate(name, name === 'sam' ? PASSPHRASE : ''), { mode: 0o600 });
  }
}, 240_000);
afterAll(async () => {
  await Promise.all([home.remove(), stranger.remove(), rm(directory, { recursive: true, force: true })]);
});

const keyFile = (name: Person): string => join(directory, `${name}.key`);
const unlock = (by: Partial<Unlock> = {}): Unlock => ({ env: home.env, passphrase: async () => undefined, ...by });
/** Somebody whose gpg has no key. */
const withKey = (name: Person, typed?: string): Unlock =>
  unlock({ env: stranger.env, keyFile: keyFile(name), passphrase: async () => typed });

it.each(['alex', 'robin'] as const)(
  'what we encrypt to %s, gpg reads, and what gpg encrypts, we read: by gpg and by a key file',
  async (name) => {
    const ours = await encryptTo([recipients[name]], Buffer.from(PLAIN));
    expect(await home.gpg(['--decrypt'], ours)).toBe(PLAIN);
    const theirs = await home.gpg(['--trust-model', 'always', '--armor', '-r', `${name}@example.com`, '--encrypt'], PLAIN);
    for (const armor of [ours, theirs])
      for (const by of [unlock(), withKey(name)]) expect((await decrypt('x.asc', armor, by)).toString()).toBe(PLAIN);
  },
  60_000,
);

it('each of several recipients reads it, and nobody else', async () => {
  const armor = await encryptTo([recipients.alex, recipients.robin], Buffer.from(PLAIN));
  for (const name of ['alex', 'robin'] as const) expect((await decrypt('x.asc', armor, withKey(name))).toString()).toBe(PLAIN);
  const refused = await decrypt('x.asc', armor, withKey('sam', PASSPHRASE)).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(PermissionError);
  expect(String(refused)).toMatch(/^PermissionError: no key here opens x\.asc \(it is for [0-9A-F]{16}, [0-9A-F]{16}\)$/);
}, 60_000);

it('a private key with a passphrase: right, wrong, untyped', async () => {
  const armor = await encryptTo([recipients.sam], Buffer.from(PLAIN));
  expect((await decrypt('x.asc', armor, withKey('sam', PASSPHRASE))).toString()).toBe(PLAIN);
  await expect(decrypt('x.asc', armor, withKey('sam', 'wrong'))).rejects.toThrow(/does not unlock the private key .*sam\.key/);
  await expect(decrypt('x.asc', armor, withKey('sam'))).rejects.toThrow(/nobody typed the passphrase of the private key/);
}, 60_000);

it('a private key is unlocked once for many messages', async () => {
  const armor = await encryptTo([recipients.sam], Buffer.from(PLAIN));
  let asked = 0;
  const passphrase = async () => {
    asked += 1;
    return PASSPHRASE;
  };
  const by = { ...withKey('sam'), passphrase, unlockedKeys: new Map() };
  const read = await Promise.all(Array.from({ length: 5 }, () => decrypt('x.asc', armor, by)));
  expect([asked, ...read.map(String)]).toEqual([1, ...Array(5).fill(PLAIN)]);
}, 60_000);

it('a passphrase alone: gpg reads ours, we read theirs; a wrong one is told', async () => {
  const typed = unlock({ passphrase: async () => PASSPHRASE });
  const ours = await encryptSymmetric(PASSPHRASE, Buffer.from(PLAIN));
  expect(await home.gpg(['--passphrase', PASSPHRASE, '--decrypt'], ours)).toBe(PLAIN);
  const theirs = await home.gpg(['--passphrase', PASSPHRASE, '--armor', '--symmetric'], PLAIN);
  for (const armor of [ours, theirs]) {
    expect((await decrypt('x.asc', armor, typed)).toString()).toBe(PLAIN);
    await expect(decrypt('x.asc', armor, unlock({ passphrase: async () => 'wrong' }))).rejects.toThrow(
      'the passphrase does not open x.asc, or it is damaged',
    );
    await expect(decrypt('x.asc', armor, unlock())).rejects.toThrow(PermissionError);
  }
}, 60_000);

it('a message for a key and a passphrase is opened by either', async () => {
  const to = [
    '--trust-model',
    'always',
    '--passphrase',
    PASSPHRASE,
    '--armor',
    '-r',
    'alex@example.com',
    '--symmetric',
    '--encrypt',
  ];
  const armor = await home.gpg(to, PLAIN);
  expect((await decrypt('x.asc', armor, withKey('alex'))).toString()).toBe(PLAIN);
  expect((await decrypt('x.asc', armor, withKey('robin', PASSPHRASE))).toString()).toBe(PLAIN);
}, 60_000);

it('a message that hides whom it is for is opened by their key', async () => {
  const armor = await home.gpg(['--trust-model', 'always', '--armor', '-R', 'alex@example.com', '--encrypt'], PLAIN);
  for (const by of [unlock(), withKey('alex')]) expect((await decrypt('x.asc', armor, by)).toString()).toBe(PLAIN);
}, 60_000);

it('a truncated or changed message is refused by gpg and by the key file, and not a byte of it is handed out', async () => {
  const armor = await encryptTo([recipients.alex], Buffer.from(PLAIN.repeat(40)));
  const lines = armor.split('\n');
  const middle = Math.floor(lines.length / 2);
  const swapped = lines
    .with(
      middle,
      lines[middle]!.replace(/[A-Za-z]/g, (letter) => (letter === 'A' ? 'B' : 'A')),
    )
    .join('\n');
  const shortened = lines.toSpliced(middle, 2).join('\n');
  for (const damagedText of [armor.slice(0, armor.length / 2), swapped, shortened, 'k3s: { token: plain }\n', ''])
    for (const by of [unlock(), withKey('alex')]) await expect(decrypt('x.asc', damagedText, by)).rejects.toThrow(ConfigError);
}, 60_000);

it('signed by somebody whom we do not know, it is read all the same', async () => {
  await stranger.generate('eve');
  await stranger.gpg(['--import'], await home.exportPublic('alex'));
  const to = ['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--sign', '--encrypt'];
  const armor = await stranger.gpg(to, PLAIN);
  expect((await decrypt('x.asc', armor, unlock())).toString()).toBe(PLAIN);
}, 60_000);

it('a small message of more than anybody can hold is refused, by gpg and with the key file', async () => {
  const to = ['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--encrypt'];
  const armor = await home.gpg(to, 'a'.repeat(140 * 2 ** 20));
  expect(armor.length).toBeLessThan(2 ** 20);
  for (const by of [unlock(), withKey('alex')])
    await expect(decrypt('x.asc', armor, by)).rejects.toThrow("x.asc holds more than 128 MiB: nobody's secrets are that long");
}, 120_000);

const OF_OTHER_DAYS: [string, string[], string[], RegExp][] = [
  ['DSA', [], ['Key-Type: DSA', 'Key-Length: 2048', 'Subkey-Type: ELG', 'Subkey-Length: 2048'], /is too weak: DSA$/],
  [
    'ElGamal',
    [],
    ['Key-Type: RSA', 'Key-Length: 3072', 'Key-Usage: sign', 'Subkey-Type: ELG', 'Subkey-Length: 2048'],
    /is too weak: ElGamal$/,
  ],
  [
    'RSA with 1024 bits',
    [],
    ['Key-Type: RSA', 'Key-Length: 1024', 'Subkey-Type: RSA', 'Subkey-Length: 1024'],
    /is too weak: RSA with 1024 bits$/,
  ],
  [
    'signed with SHA-1',
    ['--cert-digest-algo', 'SHA1'],
    ['Key-Type: RSA', 'Key-Length: 3072', 'Subkey-Type: RSA', 'Subkey-Length: 3072', 'Subkey-Usage: encrypt'],
    /is too weak: it is signed with SHA-1/,
  ],
];
it.each(OF_OTHER_DAYS)(
  'keys of other days are refused: %s',
  async (title, options, algorithms, expected) => {
    const name = title.replaceAll(/\W/g, '-');
    await stranger.generateOf(name, algorithms, options);
    const read = await readRecipient('recipients/old.asc', await stranger.exportPublic(name));
    expect('refusal' in read && read.refusal).toMatch(/^the key [0-9A-F]{40} of \S+ <\S+@example\.com> is /);
    expect('refusal' in read && read.refusal).toMatch(expected);
  },
  120_000,
);
