import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached, keyOf } from './cache.ts';
import { digestFiles } from './files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const fill = (text: string) => (to: string) => writeFile(join(to, 'out'), text);

describe('keyOf', () => {
  it.each([
    ['the order of keys', { a: 1, b: { c: [2], d: null } }, { b: { d: null, c: [2] }, a: 1 }, true],
    ['a value', { a: 1 }, { a: 2 }, false],
    ['a type', { a: 1 }, { a: '1' }, false],
    ['the order of a list', ['a', 'b'], ['b', 'a'], false],
    ['where a string is cut', ['ab', 'c'], ['a', 'bc'], false],
  ])('%s', (_, one, other, same) => {
    expect(keyOf(one) === keyOf(other)).toBe(same);
  });

  it('stays what it was: a changed key would rebuild every cache', () => {
    expect(keyOf({ version: 'v1', files: { 'main.go': 'abc' } })).toBe('e144c4d43371');
  });
});

it('digests depend on names below the root and on contents, not on where the root lies', async () => {
  for (const clone of ['one', 'two']) {
    await mkdir(join(directory, clone, 'cmd'), { recursive: true });
    await writeFile(join(directory, clone, 'go.mod'), 'module x');
    await writeFile(join(directory, clone, 'cmd/main.go'), 'package main');
    await writeFile(join(directory, clone, 'README.md'), clone);
  }
  const patterns = ['**/*.go', 'go.mod'];
  const one = await digestFiles(join(directory, 'one'), patterns);
  expect(Object.keys(one)).toEqual(['cmd/main.go', 'go.mod']);
  expect(await digestFiles(join(directory, 'two'), patterns)).toEqual(one);
  await expect(digestFiles(directory, ['*.rs'])).rejects.toThrow('no file matches *.rs');
});

describe('cached', () => {
  it('builds once, and again only for other inputs', async () => {
    const lines: string[] = [];
    const options = { directory, log: (line: string) => lines.push(line) };
    const first = await cached('thing', { v: 1 }, fill('one'), options);
    const second = await cached('thing', { v: 1 }, fill('never'), options);
    const third = await cached('thing', { v: 2 }, fill('two'), options);
    expect(second).toBe(first);
    expect(await readFile(join(first, 'out'), 'utf8')).toBe('one');
    expect(await readFile(join(third, 'out'), 'utf8')).toBe('two');
    expect(lines).toEqual([expect.stringMatching(/^thing: built in [\d.]+ s$/), 'thing: cached', expect.stringMatching(/built/)]);
  });

  it('leaves nothing of a failed build, and of a killed one nothing after the next', async () => {
    const fail = cached('thing', 1, () => Promise.reject(new Error('compiler says no')), { directory });
    await expect(fail).rejects.toThrow('compiler says no');
    expect(await readdir(join(directory, 'artifacts'))).toEqual([]);
    await mkdir(join(directory, 'artifacts', `thing-${keyOf(1)}.tmp-of-the-dead`));
    await cached('thing', 1, fill('good'), { directory });
    expect(await readdir(join(directory, 'artifacts'))).toEqual([`thing-${keyOf(1)}`]);
  });

  it('of two at once one builds and the other waits for it', async () => {
    const lines: string[] = [];
    let builds = 0;
    const build = async (to: string) => {
      builds++;
      while (!lines.some((line) => line.includes('waiting'))) await new Promise((done) => setTimeout(done, 5));
      await fill('once')(to);
    };
    const options = { directory, log: (line: string) => lines.push(line) };
    const [a, b] = await Promise.all([cached('thing', 1, build, options), cached('thing', 1, build, options)]);
    expect(a).toBe(b);
    expect(builds).toBe(1);
    expect(lines[0]).toBe(`thing: process ${process.pid} builds it, waiting`);
  });

  it('waits no longer when aborted', async () => {
    const abort = new AbortController();
    const held = Promise.withResolvers<void>();
    const building = Promise.withResolvers<void>();
    const build = (): Promise<void> => {
      building.resolve();
      return held.promise;
    };
    const first = cached('thing', 1, build, { directory });
    await building.promise;
    const second = cached('thing', 1, fill(''), { directory, signal: abort.signal, log: () => abort.abort() });
    await expect(second).rejects.toThrow('interrupted while waiting for the lock');
    held.resolve();
    await first;
  });

  it('the lock of a builder that was killed is free', async () => {
    const module = new URL('./cache.ts', import.meta.url).href;
    const program = `import { cached } from ${JSON.stringify(module)};
      await cached('thing', 1, () => { console.log('building'); return new Promise(() => setInterval(() => {}, 1000)); }, { directory: process.argv[1] });`;
    const builder = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => builder.stdout.once('data', resolve));
    builder.kill('SIGKILL');
    const path = await cached('thing', 1, fill('mine'), { directory, signal: AbortSignal.timeout(4000) });
    expect(await readFile(join(path, 'out'), 'utf8')).toBe('mine');
  });
});
