import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { runVault } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
let alex: GpgHome;
let directory: string;
let work: string;
beforeAll(async () => {
  alex = await GpgHome.create();
  await alex.generate('alex');
  directory = mkdtempSync(join(tmpdir(), 'picluster-files-'));
  writeFileSync(join(directory, 'cluster.yaml'), 'name: home\nrelease: v1.9\n');
  await runVault(directory, alex, ['init', '-r', 'alex@example.com']);
}, 60_000);
afterAll(async () => {
  await alex.remove();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  work = mkdtempSync(join(directory, 'work-'));
});
afterEach(() => rmSync(work, { recursive: true }));

const file = (name: string): string => join(work, name);
const vault = (...args: string[]) => runVault(directory, alex, args);
const plain = (name: string, mode = 0o640): string => {
  writeFileSync(file(name), `${name}: swordfish\n`, { mode });
  return file(name);
};
/** Names, modes and contents. */
const state = (): unknown =>
  readdirSync(work).map((name) => [
    name,
    statSync(file(name)).mode,
    statSync(file(name)).isFile() && readFileSync(file(name), 'latin1'),
  ]);

it(
  'encrypt and decrypt several where they stand, through links, and back: 0600',
  async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 10, 128, 1]);
    writeFileSync(file('a.bin'), bytes, { mode: 0o644 });
    plain('b');
    symlinkSync('b', file('link'));
    expect(await vault('encrypt', file('a.bin'), file('link'), file('b'))).toMatchObject({ exitCode: 0 });
    expect(statSync(file('b')).mode & 0o777).toBe(0o640);
    expect((await vault('decrypt', '--stdout', file('b'), file('link'))).output).toBe('b: swordfish\nb: swordfish');
    expect(await vault('decrypt', file('a.bin'), file('link'))).toMatchObject({ exitCode: 0 });
    expect([readFileSync(file('a.bin')), statSync(file('a.bin')).mode & 0o777]).toEqual([bytes, 0o600]);
    expect(readFileSync(file('link'), 'utf8')).toBe('b: swordfish\n');
    expect(readdirSync(work)).toEqual(['a.bin', 'b', 'link']);
  },
  BOUND_MS,
);

it(
  'what cannot be replaced is told, all at once, and nothing is changed',
  async () => {
    mkdirSync(file('directory'));
    writeFileSync(file('ansible'), '$ANSIBLE_VAULT;1.1;AES256\n00\n');
    chmodSync(plain('readonly'), 0o444);
    linkSync(plain('two'), file('names'));
    symlinkSync('nowhere', file('dangling'));
    truncateSync(plain('large'), 100 * 2 ** 20);
    truncateSync(plain('medium'), 65 * 2 ** 20);
    plain('good');
    const before = readdirSync(work).filter((name) => name !== 'dangling');
    const wrong = ['directory', 'ansible', 'readonly', 'two', 'dangling', 'large', 'medium', 'none'].map(file);
    const { exitCode, output } = await vault('encrypt', file('good'), ...wrong);
    expect(exitCode).toBe(64);
    for (const said of [
      'directory is a directory: name its files',
      'ansible is encrypted already, by ansible-vault',
      'readonly is read-only',
      'two has 2 names (hard links)',
      'dangling cannot be read (ENOENT)',
      'large is larger than 96 MiB: use gpg for it',
      'medium is larger than 64 MiB: use gpg for it',
      'none cannot be read (ENOENT)',
      'nothing was changed',
    ])
      expect(output).toContain(said);
    expect(readFileSync(file('good'), 'utf8')).toBe('good: swordfish\n');
    expect(readdirSync(work).filter((name) => name !== 'dangling')).toEqual(before);
  },
  BOUND_MS,
);

it(
  'decrypt refuses plain, truncated and changed files and the vault; the others stay encrypted, too',
  async () => {
    for (const name of ['good', 'truncated', 'changed']) plain(name);
    await vault('encrypt', file('good'), file('truncated'), file('changed'));
    const armor = readFileSync(file('changed'), 'utf8');
    writeFileSync(file('truncated'), armor.slice(0, 150));
    const at = armor.length - 60;
    writeFileSync(file('changed'), armor.slice(0, at) + (armor[at] === 'A' ? 'B' : 'A') + armor.slice(at + 1));
    plain('clear');
    const before = state();
    for (const [name, exitCode, said] of [
      ['clear', 64, 'clear is not an ASCII-armoured OpenPGP message'],
      ['truncated', 65, 'truncated ends too early'],
      ['changed', 65, 'changed is damaged'],
      ['../secrets.yaml.asc', 64, 'is read encrypted by every command'],
    ] as const) {
      const answer = await vault('decrypt', file('good'), file(name));
      expect(answer).toMatchObject({ exitCode });
      expect(answer.output).toContain(said);
      expect(state()).toEqual(before);
    }
  },
  BOUND_MS,
);

it(
  'an unknown recipient: told, and the files as they were',
  async () => {
    plain('good');
    writeFileSync(join(directory, 'recipients/robin.asc'), 'nobody');
    const answer = await vault('encrypt', file('good'));
    rmSync(join(directory, 'recipients/robin.asc'));
    expect(answer).toMatchObject({ exitCode: 65 });
    expect(answer.output).toContain('recipients/robin.asc:1:1: is not an ASCII-armoured OpenPGP public key');
    expect(readFileSync(file('good'), 'utf8')).toBe('good: swordfish\n');
  },
  BOUND_MS,
);
