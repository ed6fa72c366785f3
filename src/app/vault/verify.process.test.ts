import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { runVault } from './testing/run-vault.ts';

let alex: GpgHome;
let robin: GpgHome;
let directory: string;
beforeAll(async () => {
  [alex, robin] = await Promise.all([GpgHome.create(), GpgHome.create()]);
  await Promise.all([alex.generate('alex'), robin.generate('robin')]);
  directory = mkdtempSync(join(tmpdir(), 'picluster-verify-'));
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
  writeFileSync(file('.gitignore'), 'secrets.yaml\n.cache\nnotes\n');
  await execa('git', ['init', '-q', directory]);
  await vault(['init', '-r', 'alex@example.com']);
  await vault(['set', 'db.password'], 'herring-9');
}, 60_000);
afterAll(async () => {
  await Promise.all([alex.remove(), robin.remove()]);
  rmSync(directory, { recursive: true });
});

const file = (name: string): string => join(directory, name);
const vault = (args: readonly string[], input = '') => runVault(directory, alex, args, { input });

it('finds everything at once, with file and line, repeats no value; and nothing where all is well', async () => {
  writeFileSync(file('notes'), 'not for git: herring-9\n');
  const good = await vault(['verify']);
  expect(good).toMatchObject({ exitCode: 0 });
  expect(good.output).toBe('1 encrypted, all readable by alex <alex@example.com>\n3 files in plain, no secret in them');

  mkdirSync(file('group_vars'));
  writeFileSync(file('value'), 'mackerel-7');
  await vault(['encrypt', file('value')]);
  const armor = readFileSync(file('value'), 'utf8').trimEnd().replaceAll(/^/gm, '  ');
  writeFileSync(file('group_vars/inline.yaml'), `a: !vault |\n${armor}\nb: mackerel-7\n`);
  rmSync(file('value'));
  writeFileSync(file('group_vars/all.yaml'), 'a: b\nargs: --pw=herring-9\n');
  writeFileSync(file('secrets.yaml'), 'k3s:\n  token: x\n');
  chmodSync(file('secrets.yaml'), 0o644);
  writeFileSync(file('x.secrets.yaml.asc'), readFileSync(file('secrets.yaml.asc'), 'utf8').slice(0, 200));
  const to = async (key: string, home: GpgHome, text: string) => {
    writeFileSync(file('key.asc'), await home.exportPublic(key));
    const args = ['--armor', '--trust-model', 'always', '--recipient-file', file('key.asc'), '--encrypt'];
    return await alex.gpg(args, text).finally(() => rmSync(file('key.asc')));
  };
  writeFileSync(file('y.secrets.yaml.asc'), await to('alex', alex, 'n: 5\n'));
  writeFileSync(file('z.secrets.yaml.asc'), await to('robin', robin, 'a: b\n'));
  await execa('git', ['-C', directory, 'add', '-f', 'secrets.yaml']);
  const found = await vault(['verify']);
  expect(found).toMatchObject({ exitCode: 65 });
  const said = [
    /^group_vars\/all\.yaml:2:12: the value of the secret db\.password in plain$/m,
    /^group_vars\/inline\.yaml:\d+:4: the value of the secret after !vault in group_vars\/inline\.yaml:2 in plain$/m,
    /^secrets\.yaml:1:1: others can read it \(mode 0644\)/m,
    /^secrets\.yaml:1:1: git has it/m,
    /^x\.secrets\.yaml\.asc:1:1: ends too early/m,
    /^y\.secrets\.yaml\.asc:1:1: n: must be text, not a number/m,
    /^z\.secrets\.yaml\.asc:1:1: cannot be read by alex .*; can be read with [0-9A-F]{16}, of nobody in recipients\/: picluster vault rekey$/m,
    /^z\.secrets\.yaml\.asc:1:1: no key here opens/m,
  ];
  for (const line of said) expect(found.output).toMatch(line);
  expect(found.output).not.toMatch(/herring|mackerel/);
}, 120_000);
