import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from './lock.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface CacheOptions {
  /** Default: `cacheDir()`. */
  directory?: string;
  signal?: AbortSignal | undefined;
  /** One line per finished entry: its seconds, or `cached`; and whom it waits for. */
  log?(line: string): void;
}

/** `$XDG_CACHE_HOME/picluster-lab`: shared by all checkouts of this machine. */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'picluster-lab');
}

/** Twelve hexadecimal digits that change with any input, and with nothing else: the order of an object's keys does not count. */
export function keyOf(inputs: Json): string {
  return createHash('sha256').update(canonical(inputs)).digest('hex').slice(0, 12);
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}

/**
 * The directory `<cache>/artifacts/<name>-<key>`; `build` fills it when it is not there yet. It is complete or absent, and of several
 * processes one builds while the others wait. `inputs` must name all that the result depends on, and no path of this checkout.
 */
export async function cached(
  name: string,
  inputs: Json,
  build: (directory: string) => Promise<void>,
  options: CacheOptions = {},
): Promise<string> {
  const { signal, log = () => undefined } = options;
  const root = options.directory ?? cacheDir();
  const entry = `${name}-${keyOf(inputs)}`;
  const path = join(root, 'artifacts', entry);
  if (await used(path)) {
    log(`${name}: cached`);
    return path;
  }
  const onWait = (holder: string) => log(`${name}: ${holder} builds it, waiting`);
  const lock = join(root, 'locks', entry);
  return withFileLock(lock, () => buildEntry(name, path, build, log), { signal, onWait });
}

async function buildEntry(name: string, path: string, build: (directory: string) => Promise<void>, log: (line: string) => void) {
  if (await used(path)) {
    log(`${name}: cached`);
    return path;
  }
  const started = Date.now();
  await removeAbandoned(path);
  const aside = `${path}.tmp-${randomUUID()}`;
  await mkdir(aside, { recursive: true });
  try {
    await build(aside);
    await rename(aside, path);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  log(`${name}: built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return path;
}

/** What a killed build of this entry left; under the lock nobody else works on it. */
async function removeAbandoned(path: string): Promise<void> {
  const directory = join(path, '..');
  const prefix = `${path.slice(directory.length + 1)}.tmp-`;
  const names = await readdir(directory).catch(() => []);
  await Promise.all(
    names.filter((n) => n.startsWith(prefix)).map((n) => rm(join(directory, n), { recursive: true, force: true })),
  );
}

/** Whether the entry exists; its time says when it was last wanted. */
async function used(path: string): Promise<boolean> {
  try {
    await access(path);
  } catch {
    return false;
  }
  const now = new Date();
  await utimes(path, now, now);
  return true;
}
