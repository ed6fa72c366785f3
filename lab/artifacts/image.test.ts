import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from './files.ts';
import { type Image, writeImageArchive } from './image.ts';

const exec = promisify(execFile);
const program = Buffer.from(`#!/bin/sh\n${'# filler\n'.repeat(5000)}`);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'image-'));
  await writeFile(join(directory, 'program'), program);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const images = (binary: string): Image[] => [
  { name: 'docker.io/lab/one:1', binary, path: '/usr/local/bin/one', user: '65534:65534' },
  { name: 'ghcr.io/lab/two:v2', binary, path: '/two' },
];

describe('an image archive', () => {
  it('is the same, whenever and from wherever it is written', async () => {
    await writeImageArchive(images(join(directory, 'program')), join(directory, 'a.tar'));
    const copy = join(directory, 'copy');
    await writeFile(copy, program);
    await chmod(copy, 0o600);
    await utimes(copy, 1, 1);
    await writeImageArchive(images(copy), join(directory, 'b.tar'));
    expect(await sha256(join(directory, 'b.tar'))).toBe(await sha256(join(directory, 'a.tar')));
  });

  it('holds what docker save would: checked with GNU tar', async () => {
    const to = join(directory, 'unpacked');
    await mkdir(to);
    await writeImageArchive(images(join(directory, 'program')), join(directory, 'c.tar'));
    await exec('tar', ['-xf', join(directory, 'c.tar'), '-C', to]);
    const manifest = JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8'));
    expect(manifest.map((entry: { RepoTags: string[] }) => entry.RepoTags)).toEqual([
      ['docker.io/lab/one:1'],
      ['ghcr.io/lab/two:v2'],
    ]);

    const config = await readFile(join(to, manifest[0].Config));
    expect(manifest[0].Config).toBe(`${createHash('sha256').update(config).digest('hex')}.json`);
    expect(JSON.parse(config.toString())).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/usr/local/bin/one'], User: '65534:65534' },
      rootfs: { diff_ids: [`sha256:${await sha256(join(to, manifest[0].Layers[0]))}`] },
    });

    const { stdout } = await exec('tar', ['--numeric-owner', '--utc', '-tvf', join(to, manifest[0].Layers[0])]);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/)),
    ).toEqual([
      ['drwxrwxrwt', '0/0', '0', '1970-01-01', '00:00', 'tmp/'],
      ['drwxr-xr-x', '0/0', '0', '1970-01-01', '00:00', 'usr/'],
      ['drwxr-xr-x', '0/0', '0', '1970-01-01', '00:00', 'usr/local/'],
      ['drwxr-xr-x', '0/0', '0', '1970-01-01', '00:00', 'usr/local/bin/'],
      ['-rwxr-xr-x', '0/0', `${program.length}`, '1970-01-01', '00:00', 'usr/local/bin/one'],
    ]);
    await exec('tar', ['-xf', join(to, manifest[1].Layers[0]), '-C', to]);
    expect(await readFile(join(to, 'two'))).toEqual(program);
    expect((await stat(join(directory, 'c.tar'))).size % 512).toBe(0);
  });

  it('refuses a name that does not fit into a header', async () => {
    const image = { name: 'x:1', binary: join(directory, 'program'), path: `/${'x'.repeat(100)}` };
    await expect(writeImageArchive([image], join(directory, 'd.tar'))).rejects.toThrow('too long');
  });
});
