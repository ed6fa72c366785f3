import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeNewRole } from '#src/user-roles/new.ts';
import { findBundle } from '../bin/bundle.js';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
const { files } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { files: string[] };
/** What is published. */
const SHIPPED = ['package.json', ...files.filter((file) => !file.startsWith('!'))];

// Bundling takes a second of both processors, and more where they are shared.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let work: string;
let copy: string;
let cluster: string;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'picluster-bundle-'));
  copy = `${work}/copy/`;
  const parts = [...SHIPPED.filter((part) => part !== 'dist'), 'build', 'lab'];
  for (const part of parts) cpSync(join(CHECKOUT, part), join(copy, part), { recursive: true });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'));
  cluster = join(work, 'cluster');
  cpSync(join(CHECKOUT, 'bench/scale/cluster'), cluster, { recursive: true });
  writeFileSync(join(cluster, 'hosts.yaml'), 'hosts:\n  n1: { address: 127.0.0.2 }\n');
  await writeNewRole(cluster, 'app', new Set());
});
afterAll(() => rmSync(work, { recursive: true }));

const build = () => execa(process.execPath, [join(copy, 'build/main.ts'), '--at-once']);
const picluster = (root: string, ...args: string[]) =>
  execa(process.execPath, [join(root, 'bin/picluster.js'), ...args], {
    reject: false,
    env: { XDG_CACHE_HOME: join(work, 'cache') },
  });

it('two that make it at once make the same, and leave nothing else behind', async () => {
  const [one, other] = await Promise.all([build(), build()]);
  expect(one.stdout).toBe(other.stdout);
  expect(readdirSync(join(copy, 'dist')).sort()).toEqual([one.stdout.slice('dist/'.length), 'bundle.json'].sort());
  expect(findBundle(copy).main).toBe(`${copy}${one.stdout}/main.js`);
});

it('says the same as the sources, with roles of the operator', async () => {
  const { main = '' } = findBundle(copy);
  const entry = (path: string) => execa(process.execPath, [path, 'role', 'list', '-C', cluster], { reject: false, all: true });
  const [bundle, source] = await Promise.all([entry(main), entry(join(copy, 'src/cli/main.ts'))]);
  expect(bundle.stdout).toMatch(/^app .*\n(?:.*\n)*scale /m);
  expect(bundle.all).toBe(source.all);
});

it('an installed package needs no other: its own files are enough', async () => {
  const installed = join(work, 'elsewhere/node_modules/picluster/');
  for (const part of SHIPPED) cpSync(join(copy, part), join(installed, part), { recursive: true });
  const listed = await picluster(installed, 'role', 'list', '-C', cluster);
  expect(listed.stderr).toBe('');
  expect(listed.stdout).toContain('app');
  const shown = await picluster(installed, 'inventory', '-C', cluster);
  expect(shown.stdout).toContain('127.0.0.2');
});

it('a source that changes is run as it is now', async () => {
  const file = join(copy, 'src/cli/main.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace('keeps it alive', 'keeps it awake'));
  expect((await picluster(copy, '--help')).stdout).toContain('keeps it awake');
  await build();
  expect(findBundle(copy).main).toBeDefined();
  expect((await picluster(copy, '--help')).stdout).toContain('keeps it awake');
});

it('a run that finds none makes it, for the next', async () => {
  rmSync(join(copy, 'dist'), { recursive: true });
  expect((await picluster(copy, '--version')).exitCode).toBe(0);
  await expect.poll(() => findBundle(copy).main, { timeout: 50_000, interval: 200 }).toBeDefined();
  expect((await picluster(copy, '--help')).stdout).toContain('keeps it awake');
});

it('a source that cannot be bundled leaves the bundle alone, and its mistake is told by the run', async () => {
  await build();
  writeFileSync(join(copy, 'src/errors.ts'), 'export const = 1;');
  const before = readFileSync(join(copy, 'dist/bundle.json'), 'utf8');
  await expect(build()).rejects.toThrow();
  expect(readFileSync(join(copy, 'dist/bundle.json'), 'utf8')).toBe(before);
  expect((await picluster(copy, 'role', 'list', '-C', cluster)).stderr).toContain('errors.ts');
});
