import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installDependencies, newerGnupg } from '#lab/machines/index.ts';
import { PermissionError } from '#src/errors.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptSymmetric, encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { type Recipient, readRecipient } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';

/** What we write, GnuPG 2.2 and 2.4 read, and what they write, we read: with their gpg, and with a private key file. */
const PLAIN = 'k3s:\n  token: swordfish\n# tschüß 🔑\n';
const PASSPHRASE = 'a long passphrase';
const RSA_4096 = ['Key-Type: RSA', 'Key-Length: 4096', 'Subkey-Type: RSA', 'Subkey-Length: 4096'];
const VERSIONS = ['2.2', '2.4'] as const;
type Version = (typeof VERSIONS)[number];

/** Name of a key -> who makes it, and how. */
const KEYS: Record<string, { by: Version; make(home: GpgHome, name: string): Promise<void> }> = {
  'old-ed25519': { by: '2.2', make: (home, name) => home.generate(name) },
  'old-rsa': { by: '2.2', make: (home, name) => home.generateOf(name, RSA_4096) },
  'new-ed25519': { by: '2.4', make: (home, name) => home.generate(name) },
  'new-rsa': { by: '2.4', make: (home, name) => home.generateOf(name, RSA_4096) },
  // As GnuPG makes keys where no distribution changed it: they say that AEAD is welcome.
  'new-aead': { by: '2.4', make: (home, name) => home.generate(name, '', ['--compliance', 'gnupg']) },
  'new-locked': { by: '2.4', make: (home, name) => home.generate(name, PASSPHRASE) },
};
const NAMES = Object.keys(KEYS);
/** How messages are written, by which version. */
const WRITERS: [string, Version, string[]][] = [
  ['2.2', '2.2', []],
  ['2.4', '2.4', []],
  ['2.4 as it is elsewhere', '2.4', ['--compliance', 'gnupg']],
  ['2.4 with OCB', '2.4', ['--force-ocb']],
];

let homes: Record<Version, GpgHome>;
let nobody: GpgHome;
let directory: string;
const recipients: Record<string, Recipient> = {};

beforeAll(async () => {
  const say = (line: string) => console.log(line);
  await installDependencies({ say });
  const newer = await newerGnupg({ say });
  homes = { '2.2': await GpgHome.create(), '2.4': await GpgHome.create(newer) };
  nobody = await GpgHome.create();
  directory = await mkdtemp(join(tmpdir(), 'picluster-gnupg-'));
  await Promise.all(VERSIONS.map((version) => makeKeys(version)));
}, 600_000);
afterAll(async () => {
  await Promise.all([...Object.values(homes), nobody].map((home) => home.remove()));
  await rm(directory, { recursive: true, force: true });
});

/** Makes the keys of one version, and gives them to the other, private parts included. */
async function makeKeys(version: Version): Promise<void> {
  const other = homes[version === '2.2' ? '2.4' : '2.2'];
  for (const [name, { by, make }] of Object.entries(KEYS)) {
    if (by !== version) continue;
    await make(homes[by], name);
    const armor = await homes[by].exportPrivate(name, name === 'new-locked' ? PASSPHRASE : '');
    await writeFile(keyFile(name), armor, { mode: 0o600 });
    await other.gpg(['--passphrase', PASSPHRASE, '--import'], armor);
    const read = await readRecipient(`recipients/${name}.asc`, await homes[by].exportPublic(name));
    if ('refusal' in read) throw new Error(read.refusal);
    recipients[name] = read;
  }
}

const keyFile = (name: string): string => join(directory, `${name}.key`);
const passphrase = async () => PASSPHRASE;
const byGpg = (version: Version): Unlock => ({ env: homes[version].env, passphrase });
const byKeyFile = (name: string): Unlock => ({ env: nobody.env, keyFile: keyFile(name), passphrase });
const opened = async (armor: string, by: Unlock): Promise<string> => (await decrypt('x.asc', armor, by)).toString();

/** Packet types of a message that gpg can open, as `tag=18`. */
async function packets(armor: string): Promise<string[]> {
  const listed = await homes['2.4'].gpg(['--passphrase', PASSPHRASE, '--list-packets'], armor);
  return [...listed.matchAll(/tag=\d+/g)].map(([tag]) => tag);
}

it('they are the versions that were meant', async () => {
  for (const version of VERSIONS)
    expect(await homes[version].gpg(['--version'])).toMatch(new RegExp(`^gpg \\(GnuPG\\) ${version}`));
  expect(await homes['2.4'].gpg(['--with-colons', '--list-keys', 'new-aead'])).toContain('new-aead');
});

describe.each(NAMES)('for %s', (name) => {
  it('ours is read by both versions and with the key file, and is no AEAD', async () => {
    const armor = await encryptTo([recipients[name]!], Buffer.from(PLAIN));
    for (const version of VERSIONS) {
      expect(await homes[version].gpg(['--passphrase', PASSPHRASE, '--decrypt'], armor)).toBe(PLAIN);
    }
    expect(await opened(armor, byKeyFile(name))).toBe(PLAIN);
    expect((await packets(armor)).slice(0, 2)).toEqual(['tag=1', 'tag=18']);
  });

  it.each(WRITERS)('what %s writes is read', async (_title, version, options) => {
    const to = ['--trust-model', 'always', '--armor', '-r', `${name}@example.com`, '--encrypt'];
    const armor = await homes[version].gpg([...options, ...to], PLAIN);
    expect(await opened(armor, byKeyFile(name))).toBe(PLAIN);
    if (name === 'new-locked') return; // its passphrase is for an agent's pinentry to ask
    for (const reader of VERSIONS) expect(await opened(armor, byGpg(reader))).toBe(PLAIN);
  });
});

it('one message for all keys is read with each of them', async () => {
  const armor = await encryptTo(Object.values(recipients), Buffer.from(PLAIN));
  for (const name of NAMES) expect(await opened(armor, byKeyFile(name))).toBe(PLAIN);
});

it('gpg 2.4 writes AEAD where it may, which is what was read', async () => {
  const to = (name: string) => ['--trust-model', 'always', '--armor', '-r', `${name}@example.com`, '--encrypt'];
  const tags = async (options: string[]) => (await packets(await homes['2.4'].gpg(options, PLAIN))).slice(0, 2);
  expect(await tags(['--compliance', 'gnupg', ...to('new-aead')])).toEqual(['tag=1', 'tag=20']);
  expect(await tags(['--force-ocb', ...to('old-rsa')])).toEqual(['tag=1', 'tag=20']);
});

describe('with a passphrase alone', () => {
  it('ours is read by both versions, and is no AEAD', async () => {
    const armor = await encryptSymmetric(PASSPHRASE, Buffer.from(PLAIN));
    for (const version of VERSIONS)
      expect(await homes[version].gpg(['--passphrase', PASSPHRASE, '--decrypt'], armor)).toBe(PLAIN);
    expect((await packets(armor)).slice(0, 2)).toEqual(['tag=3', 'tag=18']);
  });

  it.each(WRITERS)('what %s writes is read; a wrong passphrase is told', async (_title, version, options) => {
    const armor = await homes[version].gpg([...options, '--passphrase', PASSPHRASE, '--armor', '--symmetric'], PLAIN);
    expect(await opened(armor, byKeyFile('old-rsa'))).toBe(PLAIN);
    await expect(decrypt('x.asc', armor, { passphrase: async () => 'wrong' })).rejects.toThrow(PermissionError);
  });
});
