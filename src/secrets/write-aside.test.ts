import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeAllAside, writeAside } from './write-aside.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-aside-'));
  path = join(directory, 'secrets.yaml.asc');
});
afterEach(() => rm(directory, { recursive: true }));

const modeOf = async (): Promise<number> => (await stat(path)).mode & 0o777;

it('a new file is 0644; one that is there keeps its mode', async () => {
  await writeAside(path, 'one');
  expect([await readFile(path, 'utf8'), await modeOf()]).toEqual(['one', 0o644]);
  await chmod(path, 0o600);
  await writeAside(path, 'two');
  expect([await readFile(path, 'utf8'), await modeOf()]).toEqual(['two', 0o600]);
  expect(await readdir(directory)).toEqual(['secrets.yaml.asc']);
});

it('removes what dead processes left beside it, and nothing of the living or of others', async () => {
  const { pid: dead } = spawnSync('true');
  const kept = [`.secrets.yaml.asc.${process.ppid}.new`, `.other.${dead}.new`, '.secrets.yaml.asc.swp'];
  for (const name of [`.secrets.yaml.asc.${dead}.new`, ...kept]) await writeFile(join(directory, name), '');
  await writeAside(path, 'one');
  expect((await readdir(directory)).sort()).toEqual([...kept, 'secrets.yaml.asc'].sort());
});

it('several: all or none', async () => {
  await writeFile(path, 'old');
  const none = join(directory, 'none/b');
  const both = [path, none].map((file) => ({ path: file, content: 'new', mode: 0o600 }));
  await expect(writeAllAside(both)).rejects.toThrow(`${none} cannot be written (ENOENT); nothing was changed`);
  expect([await readFile(path, 'utf8'), await readdir(directory)]).toEqual(['old', ['secrets.yaml.asc']]);
  await mkdir(join(directory, 'none'));
  await writeAllAside(both);
  expect([await readFile(path, 'utf8'), await readFile(none, 'utf8'), await modeOf()]).toEqual(['new', 'new', 0o600]);
});

it('what cannot be written leaves nothing beside it', async () => {
  await mkdir(path);
  await expect(writeAside(path, 'one')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(await readdir(directory)).toEqual(['secrets.yaml.asc']);
});
