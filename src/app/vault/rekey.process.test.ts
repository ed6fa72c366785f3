import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { runVault } from './testing/run-vault.ts';

let directory: string;
let alex: GpgHome;
let robin: GpgHome;
beforeAll(async () => {
  [alex, robin] = await Promise.all([GpgHome.create(), GpgHome.create()]);
  await Promise.all([alex.generate('alex'), robin.generate('robin')]);
  directory = mkdtempSync(join(tmpdir(), 'picluster-vault-'));
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
}, 60_000);
afterAll(async () => {
  await Promise.all([alex.remove(), robin.remove()]);
  rmSync(directory, { recursive: true });
});

const file = (name: string): string => join(directory, name);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const GROUP_FILE = 'group_vars/all.secrets.yaml.asc';

it('recipients add and rekey reach the files of groups and the values within YAML, all or none', async () => {
  await runVault(directory, alex, ['init', '-r', 'alex@example.com']);
  mkdirSync(file('group_vars'));
  writeFileSync(file(GROUP_FILE), 'a: swordfish\n');
  writeFileSync(file('inline'), 'herring');
  await runVault(directory, alex, ['encrypt', file(GROUP_FILE), file('inline')]);
  const lines = read('inline').trimEnd().split('\n');
  rmSync(file('inline'));
  writeFileSync(file('group_vars/all.yaml'), `# kept\nb: !vault |\n${lines.map((line) => `  ${line}\n`).join('')}c: d \n`);
  writeFileSync(file('robin.asc'), await robin.exportPublic('robin'));

  const added = await runVault(directory, alex, ['recipients', 'add', file('robin.asc')]);
  expect(added).toMatchObject({ exitCode: 0 });
  for (const name of [GROUP_FILE, 'group_vars/all.yaml', 'secrets.yaml.asc'])
    expect(added.output).toContain(`encrypted ${name} anew`);
  expect(await robin.gpg(['--decrypt'], read(GROUP_FILE))).toBe('a: swordfish\n');
  const inline = read('group_vars/all.yaml');
  expect(inline).toMatch(
    /^# kept\nb: !vault \|\n {2}-----BEGIN PGP MESSAGE-----\n\n {2}\w[\s\S]*-----END PGP MESSAGE-----\nc: d \n$/,
  );
  expect(await robin.gpg(['--decrypt'], inline.slice(inline.indexOf('--'), inline.indexOf('c: d')).replaceAll(/^ +/gm, ''))).toBe(
    'herring',
  );

  // What a killed run left is none of the files of the cluster, whole or cut off.
  for (const pid of [4_194_304, 4_194_305])
    writeFileSync(file(`.secrets.yaml.asc.${pid}.new`), read('secrets.yaml.asc').slice(0, pid === 4_194_304 ? 150 : undefined));
  const again = await runVault(directory, alex, ['rekey']);
  expect(again.output).not.toContain('.new');
  expect(again).toMatchObject({ exitCode: 0 });
  expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([]);

  const before = read('secrets.yaml.asc');
  writeFileSync(file(GROUP_FILE), read(GROUP_FILE).slice(0, 200));
  const refused = await runVault(directory, alex, ['rekey']);
  expect(refused).toMatchObject({ exitCode: 65 });
  expect(refused.output).toContain(`${GROUP_FILE} ends too early`);
  expect(read('secrets.yaml.asc')).toBe(before);
}, 240_000);
