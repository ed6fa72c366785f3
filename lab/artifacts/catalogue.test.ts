import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Artifact, obtain, reference } from './artifact.ts';
import { buildArtifact } from './build.ts';
import { catalogue, LAB } from './catalogue.ts';
import { sha256 } from './files.ts';
import { goProgram } from './go.ts';
import { mirror } from './mirror.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'catalogue-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the catalogue', () => {
  it('names each artifact once, the mirror last, and no path of this machine in what a key is made of', async () => {
    const artifacts = await catalogue();
    const names = artifacts.map((artifact) => artifact.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.at(-1)).toBe('mirror');
    const inputs = JSON.stringify(artifacts.map((artifact) => artifact.inputs));
    expect(inputs).not.toContain(LAB);
    expect(inputs).not.toContain(tmpdir());
  });

  it("changes with K3s's version only what is made of K3s", async () => {
    const references = async (version: string) => (await catalogue(version)).map(reference);
    const after = await references('v1.34.5+k3s1');
    const before = new Set(await references('v1.34.4+k3s1'));
    expect(after.filter((one) => !before.has(one)).map((one) => one.replace(/-[0-9a-f]{12}$/, ''))).toEqual(['k3s', 'mirror']);
    await expect(catalogue('latest')).rejects.toThrow('latest is not a version');
  });

  it('says which artifacts there are when asked for another', async () => {
    await expect(buildArtifact('k8s')).rejects.toThrow(/no artifact is called k8s: pause, .*mirror/);
  });
});

describe('a Go program', () => {
  const clone = async (name: string) => {
    const module = join(directory, name);
    await cp(join(LAB, 'images'), module, { recursive: true });
    const program = () => goProgram({ name: 'workload', module, files: ['go.mod', 'workload/*.go'], package: './workload' });
    return { module, program };
  };

  it('has the same key in two clones, and another when a source of it changes, but not for a test or a neighbour', async () => {
    const [one, two] = [await clone('one'), await clone('two')];
    const before = reference(await one.program());
    expect(reference(await two.program())).toBe(before);
    await writeFile(join(two.module, 'workload/more_test.go'), 'package main\n');
    await writeFile(join(two.module, 'pause/main.go'), 'package main\n');
    expect(reference(await two.program())).toBe(before);
    await writeFile(join(two.module, 'workload/more.go'), 'package main\n');
    expect(reference(await two.program())).not.toBe(before);
  });
});

describe('the mirror', () => {
  const made: string[] = [];
  const artifact = (name: string, text: string): Artifact => ({
    name,
    inputs: text,
    async build(to) {
      made.push(name);
      await writeFile(join(to, 'file'), text);
    },
  });
  const context = () => ({ cacheDir: join(directory, 'cache'), log: () => undefined });
  const layout = () => ({
    'example.org/v1+x1/a': { from: artifact('a', 'one'), file: 'file' },
    'example.org/v1+x1/b': { from: artifact('b', 'two'), file: 'file' },
    'images/c': { from: artifact('c', 'three'), file: 'file' },
  });

  it('links files to where their URLs say, with checksums; a second time it asks for nothing', async () => {
    const tree = await mirror(layout(), { 'example.org/v1+x1': ['sha256sum-amd64.txt'] });
    const root = await obtain(tree, context());
    expect(basename(root)).toBe(reference(tree));
    const found = await readdir(root, { recursive: true });
    expect(found.sort()).toEqual([
      'example.org',
      'example.org/v1+x1',
      'example.org/v1+x1/SHA256SUMS',
      'example.org/v1+x1/a',
      'example.org/v1+x1/b',
      'example.org/v1+x1/sha256sum-amd64.txt',
      'images',
      'images/SHA256SUMS',
      'images/c',
    ]);
    const sums = await readFile(join(root, 'example.org/v1+x1/SHA256SUMS'), 'utf8');
    const [a, b] = await Promise.all(['a', 'b'].map((name) => sha256(join(root, 'example.org/v1+x1', name))));
    expect(sums).toBe(`${a}  a\n${b}  b\n`);
    expect(await readFile(join(root, 'example.org/v1+x1/sha256sum-amd64.txt'), 'utf8')).toBe(sums);
    expect((await stat(join(root, 'images/c'))).nlink).toBe(2);
    expect(made).toEqual(['a', 'b', 'c']);
    await obtain(await mirror(layout(), { 'example.org/v1+x1': ['sha256sum-amd64.txt'] }), context());
    expect(made).toEqual(['a', 'b', 'c']);
  });
});
