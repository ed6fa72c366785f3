import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { LAUNCHER, runVault } from './testing/run-vault.ts';

const BOUND_MS = 240_000;
let directory: string;
let alex: GpgHome;
let robin: GpgHome;

beforeAll(async () => {
  [alex, robin] = await Promise.all([GpgHome.create(), GpgHome.create()]);
  await Promise.all([alex.generate('alex'), robin.generate('robin')]);
}, 60_000);
afterAll(() => Promise.all([alex.remove(), robin.remove()]));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-vault-'));
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
// A link whose target is no file.
const isLocked = (): boolean => readdirSync(directory).includes('.vault.lock');
const vaultText = (): string => readFileSync(file('secrets.yaml.asc'), 'utf8');

const vault = (args: readonly string[], input = '', home = alex, fd3 = '/dev/null') =>
  runVault(directory, home, args, { input, fd3 });

it(
  'init, set, get, list, rm: gpg reads every state, comments stay, values are never said',
  async () => {
    const made = await vault(['init', '-r', 'alex@example.com']);
    expect(made).toMatchObject({ exitCode: 0 });
    expect(made.output).toContain('secrets.yaml.asc can be read by alex <alex@example.com>');
    expect(await vault(['init'])).toMatchObject({ exitCode: 64 });
    expect(await vault(['set', 'k3s.token'], 'swordfish\n')).toEqual({ exitCode: 0, output: 'set k3s.token' });
    expect(await vault(['set', 'git.identity'], 'line 1\nline 2\n')).toMatchObject({ exitCode: 0 });
    expect(await alex.gpg(['--decrypt'], vaultText())).toBe(
      '# Secrets of this cluster: picluster vault set PATH\n\nk3s:\n  token: swordfish\ngit:\n  identity: |\n    line 1\n    line 2\n',
    );
    const before = vaultText();
    expect((await vault(['set', 'k3s.token'], 'swordfish')).output).toBe('k3s.token has this value already');
    expect(vaultText()).toBe(before);
    expect((await vault(['list'])).output).toBe('k3s.token\ngit.identity');
    expect((await vault(['get', 'k3s.token'])).output).toBe('swordfish');
    expect((await vault(['rm', 'git'])).output).toContain('removed git');
    const group = ['--file', 'x.secrets.yaml.asc'];
    expect(await vault(['get', 'k3s.token', ...group])).toMatchObject({ exitCode: 64 });
    expect(await vault(['set', 'k3s.token', ...group], 'herring')).toEqual({ exitCode: 0, output: 'set k3s.token' });
    expect((await vault(['get', 'k3s.token', ...group])).output).toBe('herring');
    expect((await vault(['list', ...group])).output).toBe('k3s.token');
    expect((await vault(['rm', 'k3s.token', ...group])).output).toContain('removed k3s.token');
    expect(await vault(['set', 'a', '--file', 'x.txt'], 'herring')).toMatchObject({ exitCode: 64 });
    rmSync(file('x.secrets.yaml.asc'));
    expect((await vault(['list'])).output).toBe('k3s.token');
    expect(await vault(['get', 'git.identity'])).toMatchObject({ exitCode: 64 });
    expect(readdirSync(directory).sort()).toEqual(['.cache', 'cluster.yaml', 'recipients', 'secrets.yaml.asc']);
  },
  BOUND_MS,
);

it(
  'init moves the plain file into the vault, and leaves it where nobody here could read what was encrypted',
  async () => {
    const plain = '# mine\nk3s:\n  token: swordfish\n';
    writeFileSync(file('secrets.yaml'), plain, { mode: 0o600 });
    writeFileSync(file('robin.asc'), await robin.exportPublic('robin'));
    expect(await vault(['init', '-r', file('robin.asc')])).toMatchObject({ exitCode: 77 });
    expect(readFileSync(file('secrets.yaml'), 'utf8')).toBe(plain);
    expect(existsSync(file('secrets.yaml.asc')) || existsSync(file('recipients'))).toBe(false);
    expect(await vault(['init', '-r', 'alex@example.com'])).toMatchObject({ exitCode: 0 });
    expect(existsSync(file('secrets.yaml'))).toBe(false);
    expect(await alex.gpg(['--decrypt'], vaultText())).toBe(plain);
  },
  BOUND_MS,
);

it(
  'recipients: added ones can read it, removed ones cannot, and the last one stays',
  async () => {
    await vault(['init', '-r', 'alex@example.com']);
    await vault(['set', 'a'], 'swordfish');
    expect((await vault(['get', 'a'], '', robin)).exitCode).toBe(77);
    writeFileSync(file('robin.asc'), await robin.exportPublic('robin'));
    expect((await vault(['recipients', 'add', file('robin.asc')], '', robin)).exitCode).toBe(77);
    expect(readdirSync(file('recipients'))).toHaveLength(1);
    expect((await vault(['recipients', 'add', file('robin.asc')])).exitCode).toBe(0);
    expect((await vault(['recipients'])).output.split('\n')).toHaveLength(2);
    expect((await vault(['get', 'a'], '', robin)).output).toBe('swordfish');
    const removed = await vault(['recipients', 'remove', 'robin@example.com']);
    expect(removed).toMatchObject({ exitCode: 0 });
    expect(removed.output).toContain('the history of git keeps what they could read');
    expect((await vault(['get', 'a'], '', robin)).exitCode).toBe(77);
    expect((await vault(['recipients', 'remove', 'robin@example.com'])).output).toContain('no recipient is "robin@example.com"');
    expect((await vault(['recipients', 'remove', 'alex@example.com'])).output).toContain('nobody would be left');
    const before = vaultText();
    expect((await vault(['rekey'])).exitCode).toBe(0);
    expect(vaultText()).not.toBe(before);
    expect((await vault(['get', 'a'])).output).toBe('swordfish');
  },
  BOUND_MS,
);

it.each([
  ['a damaged vault', (text: string) => text.slice(0, 300), 65],
  ['no vault', () => undefined, 64],
])(
  '%s: told, and the file is as it was',
  async (_name, change, exitCode) => {
    await vault(['init', '-r', 'alex@example.com']);
    const text = change(vaultText());
    if (text === undefined) rmSync(file('secrets.yaml.asc'));
    else writeFileSync(file('secrets.yaml.asc'), text);
    for (const args of [['set', 'a'], ['rm', 'a'], ['rekey'], ['recipients', 'add', 'alex@example.com'], ['view']])
      expect(await vault(args, 'swordfish')).toMatchObject({ exitCode });
    expect(existsSync(file('secrets.yaml.asc')) ? vaultText() : undefined).toBe(text);
  },
  BOUND_MS,
);

it(
  'killed at any moment of a rekey, the vault is whole, and nothing in clear lies beside it',
  async () => {
    await vault(['init', '-r', 'alex@example.com']);
    await vault(['set', 'a'], 'swordfish');
    for (let kill = 0; kill < 8; kill += 1) {
      const running = execa(process.execPath, [LAUNCHER, 'vault', 'rekey'], {
        reject: false,
        env: { ...alex.env, HOME: directory, PICLUSTER_CLUSTER: directory },
        killSignal: 'SIGKILL',
        timeout: 150 + kill * 120,
      });
      await running;
      expect(await alex.gpg(['--decrypt'], vaultText())).toContain('a: swordfish');
      for (const name of readdirSync(directory).filter((entry) => entry.includes('secrets')))
        expect(readFileSync(file(name), 'utf8')).not.toContain('swordfish');
    }
  },
  BOUND_MS,
);

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while a value is waited for: the lock goes with it',
  async (signal) => {
    await vault(['init', '-r', 'alex@example.com']);
    const running = execa(process.execPath, [LAUNCHER, 'vault', 'set', 'a'], {
      reject: false,
      env: { ...alex.env, HOME: directory, PICLUSTER_CLUSTER: directory },
      timeout: 60_000,
    });
    for (let waited = 0; !isLocked() && waited < 400; waited += 1) await sleep(25);
    expect(isLocked()).toBe(true);
    running.kill(signal);
    expect((await running).signal).toBe(signal);
    expect(isLocked()).toBe(false);
  },
  BOUND_MS,
);

it(
  'a file of ansible-vault comes into the vault, all or none',
  async () => {
    const from = fileURLToPath(new URL('../../secrets/testing/ansible-vault/v1.2.yml', import.meta.url));
    await vault(['init', '-r', 'alex@example.com']);
    writeFileSync(file('passphrase'), 'a long passphrase\n', { mode: 0o600 });
    const take = (passphrase: string) => vault(['import-ansible', from, '--vault-password-fd', '3'], '', alex, passphrase);
    const before = vaultText();
    expect(await take('/dev/null')).toMatchObject({ exitCode: 77 });
    expect((await vault(['import-ansible', from])).output).toContain('nobody typed the passphrase');
    expect(vaultText()).toBe(before);
    const taken = ['k3s.token', 'grafana.admin_password', 'grafana.port', 'grafana.secure'];
    const left = ['left out users: is a list', 'left out empty: is empty'];
    const lines = (word: string): string => [...taken.map((path) => `${word} ${path}`), ...left].join('\n');
    expect(await take(file('passphrase'))).toEqual({ exitCode: 0, output: lines('took') });
    expect((await vault(['get', 'grafana.admin_password'])).output).toBe('tschüß 🔑');
    expect((await vault(['get', 'grafana.port'])).output).toBe('3000');
    const after = vaultText();
    expect(await take(file('passphrase'))).toEqual({ exitCode: 0, output: lines('has') });
    expect(vaultText()).toBe(after);
    await vault(['set', 'k3s.token'], 'another');
    expect((await take(file('passphrase'))).output).toContain(
      'the vault has other values already: k3s.token; nothing was changed',
    );
  },
  BOUND_MS,
);

it(
  'files are encrypted where they stand, all or none, and read by gpg',
  async () => {
    await vault(['init', '-r', 'alex@example.com']);
    const bytes = Buffer.from([0, 255, 10, 13, 10, 128, 1]);
    writeFileSync(file('a.bin'), bytes, { mode: 0o640 });
    writeFileSync(file('b.yaml'), 'b: swordfish\n');
    writeFileSync(file('passphrase'), 'a long passphrase\n');
    expect(await vault(['encrypt', file('a.bin'), file('none')])).toMatchObject({ exitCode: 64 });
    expect(await vault(['encrypt', file('a.bin'), file('secrets.yaml.asc')])).toMatchObject({ exitCode: 64 });
    expect(readFileSync(file('a.bin'))).toEqual(bytes);
    expect(await vault(['encrypt', file('a.bin'), file('b.yaml')])).toMatchObject({ exitCode: 0 });
    expect(statSync(file('a.bin')).mode & 0o777).toBe(0o640);
    expect(await alex.gpg(['--decrypt'], readFileSync(file('b.yaml'), 'utf8'))).toBe('b: swordfish\n');
    expect((await vault(['decrypt', '--stdout', file('b.yaml')])).output).toBe('b: swordfish');
    expect((await vault(['encrypt', file('b.yaml')])).output).toContain('b.yaml is encrypted already\nnothing was changed');
    writeFileSync(file('secrets.yaml'), 'b: swordfish\n', { mode: 0o600 });
    expect((await vault(['encrypt', file('secrets.yaml')])).output).toContain('picluster vault init');
  },
  BOUND_MS,
);

it(
  'a file is encrypted with a passphrase',
  async () => {
    writeFileSync(file('b.yaml'), 'b: swordfish\n');
    writeFileSync(file('passphrase'), 'a long passphrase\n');
    const by = (...args: string[]) => vault([...args, '--passphrase-fd', '3'], '', alex, file('passphrase'));
    expect((await vault(['encrypt', '--symmetric', file('b.yaml')])).output).toContain(
      'nobody typed a passphrase; nothing was changed',
    );
    expect(readFileSync(file('b.yaml'), 'utf8')).toBe('b: swordfish\n');
    expect(await by('encrypt', '--symmetric', file('b.yaml'))).toMatchObject({ exitCode: 0 });
    const armor = readFileSync(file('b.yaml'), 'utf8');
    expect(await alex.gpg(['--passphrase', 'a long passphrase', '--decrypt'], armor)).toBe('b: swordfish\n');
    expect((await by('decrypt', '--stdout', file('b.yaml'))).output).toBe('b: swordfish');
    writeFileSync(file('passphrase'), 'wrong\n');
    expect(await by('decrypt', file('b.yaml'))).toMatchObject({ exitCode: 77 });
    expect(readFileSync(file('b.yaml'), 'utf8')).toBe(armor);
  },
  BOUND_MS,
);
