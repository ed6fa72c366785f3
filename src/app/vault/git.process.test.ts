import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { onTerminal } from '../../../test/support/terminal.ts';
import { runVault, vaultEnv } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
let alex: GpgHome;
let robin: GpgHome;
let directory: string;
let env: Record<string, string>;
beforeAll(async () => {
  [alex, robin] = await Promise.all([GpgHome.create(), GpgHome.create()]);
  await alex.generate('alex');
  directory = join(mkdtempSync(join(tmpdir(), 'picluster-git-')), 'inventory');
  mkdirSync(directory);
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
  env = { ...vaultEnv(directory, alex), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  await git('init', '-q', '..');
  await vault(['init', '-r', 'alex@example.com']);
  await vault(['set', 'k3s.token'], 'swordfish');
  await vault(['set', 'git.token'], 'herring');
  await commit();
}, 60_000);
afterAll(async () => {
  await Promise.all([alex.remove(), robin.remove()]);
  rmSync(join(directory, '..'), { recursive: true });
});

const file = (name: string): string => join(directory, name);
const vault = (args: readonly string[], input = '') => runVault(directory, alex, args, { input, env });
async function git(...args: string[]): Promise<string> {
  const { all } = await execa('git', ['-C', directory, ...args], { env, all: true, reject: false, timeout: 60_000 });
  return all;
}
async function commit(): Promise<void> {
  await git('add', '.');
  await git('-c', 'user.name=alex', '-c', 'user.email=alex@example.com', 'commit', '-qm', 'x');
}

it(
  'diff names what was added, changed and removed since a revision; values when they are asked for',
  async () => {
    expect((await vault(['diff'])).output).toBe('the secrets are as in HEAD');
    await vault(['set', 'k3s.token'], 'trout');
    await vault(['rm', 'git.token']);
    await vault(['set', 'dns.key'], 'pike');
    expect(await vault(['diff'])).toEqual({
      exitCode: 0,
      output: 'secrets.yaml.asc\n  + dns.key\n  - git.token\n  ~ k3s.token',
    });
    expect((await vault(['diff', '--values', 'HEAD'])).output).toContain('  ~ k3s.token\n      - swordfish\n      + trout');
    await commit();
    await vault(['rekey']);
    expect((await vault(['diff'])).output).toBe('secrets.yaml.asc\n  encrypted anew, the same secrets');
    expect(await vault(['diff', 'nothing'])).toMatchObject({ exitCode: 64 });
    expect((await vault(['diff', '--', '--output=x'])).output).toContain('"--output=x" is no revision');
  },
  BOUND_MS,
);

it(
  'git-setup makes git diff show what is decrypted, keeps none of it, and can be undone',
  async () => {
    await vault(['set', 'k3s.token'], 'salmon');
    await commit();
    const args = ['log', '-p', '-1', '--format=', '--', 'secrets.yaml.asc'];
    expect(await git(...args)).toContain('BEGIN PGP MESSAGE');
    expect((await vault(['git-setup'])).output).toMatch(
      /^git config diff\.picluster-vault\.textconv = .*vault view --textconv\n.*cachetextconv = false\n\.gitattributes: added/,
    );
    expect((await vault(['git-setup'])).output).not.toMatch(/ = |added/);
    expect(readFileSync(file('.gitattributes'), 'utf8')).toBe('*secrets.yaml.asc diff=picluster-vault\n');
    const shown = await git(...args);
    expect(shown).toMatch(/^- {2}token: \w+$/m);
    expect(shown).toMatch(/^\+ {2}token: salmon$/m);
    expect(shown).not.toContain('PGP');
    expect(await git('for-each-ref', 'refs/notes')).toBe('');
    // Somebody without the key sees what git shows without us.
    const { all, exitCode } = await execa('git', ['-C', directory, ...args], { env: { ...env, ...robin.env }, all: true });
    expect([exitCode, all.includes('no key here opens'), all.includes('BEGIN PGP MESSAGE')]).toEqual([0, true, true]);
    expect((await vault(['git-setup', '--undo'])).output).toContain('git config diff.picluster-vault removed');
    expect([existsSync(file('.gitattributes')), await git('config', '--get-regexp', 'picluster')]).toEqual([false, '']);
    expect(await git(...args)).toContain('BEGIN PGP MESSAGE');
  },
  BOUND_MS,
);

it(
  'export goes into a pipe, or a file that only its owner can read; not by itself onto a terminal or over a file',
  async () => {
    await vault(['set', 'k3s.token'], 'trout');
    expect(JSON.parse((await vault(['export', '--format', 'json'])).output)).toMatchObject({ k3s: { token: 'trout' } });
    const onto = await onTerminal('vault export', [], env);
    expect(onto.exitCode).toBe(64);
    expect(onto.all).not.toContain('trout');
    expect((await onTerminal('vault export --force', [], env)).all).toContain('token: trout');
    const to = ['export', '--format', 'env', '--to', file('plain.env')];
    const written = await vault(to);
    expect(written.output).toContain('git does not ignore this file');
    expect(readFileSync(file('plain.env'), 'utf8')).toMatch(/^K3S_TOKEN='?trout'?$/m);
    expect(statSync(file('plain.env')).mode & 0o777).toBe(0o600);
    expect(await vault(to)).toMatchObject({ exitCode: 64 });
    expect(await vault([...to, '--force'])).toMatchObject({ exitCode: 0 });
    expect((await vault(['export', '--to', file('none/x')])).output).toContain('none/x cannot be written (ENOENT)');
  },
  BOUND_MS,
);
