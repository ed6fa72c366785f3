import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findBundle, stateOf } from '../bin/bundle.js';
import { withUrls } from './bundle.ts';

it.each([
  [
    'src/facts/script.ts',
    "new URL('facts.sh', import.meta.url)",
    "new URL('facts.sh', new URL('../../src/facts/script.ts', import.meta.url).href)",
  ],
  [
    'roles/time/role.ts',
    'template(import.meta.url, x)',
    "template(new URL('../../roles/time/role.ts', import.meta.url).href, x)",
  ],
  ['src/user-roles/resolve.ts', "new URL('../index.ts', import.meta.url)", "new URL('./index.js', import.meta.url)"],
  ['src/user-roles/resolve.ts', "new URL('./zod.ts', import.meta.url)", "new URL('./zod.js', import.meta.url)"],
])('in %s, %s becomes %s', (path, code, expected) => {
  expect(withUrls(code, path).replaceAll('/**/', '')).toBe(expected);
});

const OLD = new Date(Date.now() - 3600_000);
let root: string;

beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'picluster-bundle-'))}/`;
  bundled(root);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string, at = OLD): void {
  writeFileSync(path, text);
  utimesSync(path, at, at);
}

/** A checkout with two sources and a bundle of them. */
function bundled(at: string): void {
  for (const folder of ['src', 'dist/abc']) mkdirSync(join(at, folder), { recursive: true });
  for (const file of ['src/a.ts', 'src/b.ts', 'dist/abc/main.js']) write(join(at, file), 'one');
  const sources = Object.fromEntries(['src/a.ts', 'src/b.ts'].map((file) => [file, stateOf(at, file)]));
  write(join(at, 'dist/bundle.json'), JSON.stringify({ folder: 'abc', sources }));
}

it('what the sources were made into is run', () => {
  expect(findBundle(root)).toEqual({ main: `${root}dist/abc/main.js`, isWorthMaking: false });
});

it.each<[string, () => void]>([
  ['is longer', () => write(`${root}src/b.ts`, 'more')],
  ['has another text of the same length and time', () => write(`${root}src/b.ts`, 'two')],
  [
    'is another file of the same length and time',
    () => {
      write(`${root}src/c.ts`, 'one');
      renameSync(`${root}src/c.ts`, `${root}src/b.ts`);
    },
  ],
  ['is gone', () => rmSync(`${root}src/b.ts`)],
])('a bundle is not run when a source %s', async (_, change) => {
  // Times of the file system go by ticks of a few milliseconds: whoever makes a bundle waits for them too.
  await setTimeout(20);
  change();
  expect(findBundle(root)).toEqual({ isWorthMaking: true });
});

it('none is made while somebody works on the sources', () => {
  write(`${root}src/a.ts`, 'three', new Date());
  expect(findBundle(root)).toEqual({ isWorthMaking: false });
});

it.each<[string, () => void]>([
  ['there is none', () => rmSync(`${root}dist/bundle.json`)],
  ['its stamp is broken', () => write(`${root}dist/bundle.json`, '{"folder":')],
  ['its folder is gone', () => rmSync(`${root}dist/abc`, { recursive: true })],
])('one is made when %s', (_, change) => {
  change();
  expect(findBundle(root)).toEqual({ isWorthMaking: true });
});

it('an installed package has its bundle, whatever its files look like', () => {
  const installed = `${root}node_modules/picluster/`;
  bundled(installed);
  rmSync(`${installed}src/a.ts`);
  expect(findBundle(installed)).toEqual({ main: `${installed}dist/abc/main.js`, isWorthMaking: false });
});
