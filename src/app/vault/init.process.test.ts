import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { onTerminal } from '../../../test/support/terminal.ts';
import { runVault, vaultEnv } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
const PERSON = 'Alex <alex@example.com>';
let home: GpgHome;
let directory: string;
let outside: string;
beforeEach(async () => {
  home = await GpgHome.create();
  directory = mkdtempSync(join(tmpdir(), 'picluster-init-'));
  outside = mkdtempSync(join(tmpdir(), 'picluster-key-'));
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
  writeFileSync(join(outside, 'passphrase'), 'a long passphrase\n');
});
afterEach(async () => {
  await home.remove();
  for (const path of [directory, outside]) rmSync(path, { recursive: true });
});

const file = (name: string): string => join(directory, name);
const vault = (args: readonly string[], input = '', env = {}) =>
  runVault(directory, home, args, { input, env, fd3: join(outside, 'passphrase') });
const ASKED = /(?:\[Y\/n\]|in Name <address>:|once more:|new passphrase:) [^\n]*$/;

it(
  'without anybody to ask it names the options, and the keys that gpg has',
  async () => {
    const none = await vault(['init']);
    expect(none).toMatchObject({ exitCode: 64 });
    expect(none.output).toContain("--new-key 'Name <address>'");
    await home.generate('alex');
    expect((await vault(['init'])).output).toMatch(/-r [0-9A-F]{40} {2}alex <alex@example\.com>/);
    expect(readdirSync(directory).filter((name) => name !== '.cache')).toEqual(['cluster.yaml']);
  },
  BOUND_MS,
);

it(
  'makes a key pair in gpg, with the passphrase of a file descriptor',
  async () => {
    expect(await vault(['init', '--new-key', 'no address'])).toMatchObject({ exitCode: 64 });
    const made = await vault(['init', '--new-key', PERSON, '--passphrase-fd', '3']);
    expect(made).toMatchObject({ exitCode: 0 });
    expect(made.output).toContain(`secrets.yaml.asc can be read by ${PERSON}`);
    expect(made.output).toContain('add a second key that lies offline');
    expect(made.output).not.toContain('a long passphrase');
    const armor = readFileSync(file('secrets.yaml.asc'), 'utf8');
    expect(await home.gpg(['--passphrase', 'a long passphrase', '--decrypt'], armor)).toContain('# Secrets of this cluster');
  },
  BOUND_MS,
);

it(
  'makes a key pair in a file, without gpg: the vault opens with it alone, and not when others can read it',
  async () => {
    const key = join(outside, 'key.asc');
    const env = { PATH: outside };
    writeFileSync(file('secrets.yaml'), 'a: swordfish\n', { mode: 0o600 });
    const init = (to: string) => vault(['init', '--new-key', PERSON, '--new-key-file', to, '--passphrase-fd', '3'], '', env);
    expect((await init(file('key.asc'))).output).toContain('is in the cluster directory');
    const made = await init(key);
    expect(made).toMatchObject({ exitCode: 0 });
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(existsSync(file('secrets.yaml'))).toBe(false);
    const open = ['get', 'a', '--key', key, '--passphrase-fd', '3'];
    expect(await vault(open, '', env)).toEqual({ exitCode: 0, output: 'swordfish' });
    // GnuPG reads what was made.
    await home.gpg(['--passphrase', 'a long passphrase', '--import'], readFileSync(key, 'utf8'));
    expect(
      await home.gpg(['--passphrase', 'a long passphrase', '--decrypt'], readFileSync(file('secrets.yaml.asc'), 'utf8')),
    ).toBe('a: swordfish\n');
    chmodSync(key, 0o644);
    const refused = await vault(open, '', env);
    expect(refused).toMatchObject({ exitCode: 77 });
    expect(refused.output).toContain('others can read the private key');
    rmSync(file('secrets.yaml.asc'));
    expect((await init(key)).output).toContain('cannot be written to');
  },
  BOUND_MS,
);

it(
  'asks on a terminal: for the key that is there, or who it is for',
  async () => {
    const env = vaultEnv(directory, home);
    const keyFile = join(outside, 'key.asc');
    const asked = await onTerminal(`vault init --new-key-file ${keyFile}`, [PERSON, 'a passphrase', 'a passphrase'], env, ASKED);
    expect(asked).toMatchObject({ exitCode: 0, unasked: [] });
    rmSync(file('secrets.yaml.asc'));
    rmSync(file('recipients'), { recursive: true });
    await home.generate('robin');
    expect(await onTerminal('vault init', ['n'], env, ASKED)).toMatchObject({ exitCode: 64 });
    const own = await onTerminal('vault init', [''], env, ASKED);
    expect(own).toMatchObject({ exitCode: 0 });
    expect(own.all).toContain('secrets.yaml.asc can be read by robin <robin@example.com>');
  },
  BOUND_MS,
);
