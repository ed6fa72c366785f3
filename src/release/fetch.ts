import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PiclusterError, StepFailedError } from '#src/errors.ts';
import type { ArtifactSource } from '#src/resource/kind.ts';
import { explainFetch } from './explain-fetch.ts';

export interface FetchOptions {
  cacheDir: string;
  signal: AbortSignal;
  onProgress?(receivedBytes: number, totalBytes: number | undefined): void;
  /** Longest silence of a server before the next URL is tried; default 30 s. */
  stallMs?: number;
}

/** `$XDG_CACHE_HOME/picluster/artifacts`. */
export const defaultCacheDir = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'picluster', 'artifacts');

/**
 * Path of an artifact in the cache, fetched when it is not there: URLs in order, checked against its sha256 while it comes, then renamed.
 * Throws StepFailedError: a wrong checksum names URL, wanted and got; else what each URL said.
 */
export async function fetchArtifact(source: ArtifactSource, options: FetchOptions): Promise<string> {
  const path = join(options.cacheDir, source.sha256, source.name);
  if ((await digestOf(path)) === source.sha256) return path;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const failures: string[] = [];
  for (const url of source.urls) {
    const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await download(url, aside, source.sha256, options);
      await rename(aside, path);
      return path;
    } catch (error) {
      await rm(aside, { force: true });
      if (options.signal.aborted) throw options.signal.reason;
      if (error instanceof PiclusterError) throw error;
      failures.push(`${url}: ${explainFetch(error)}`);
    }
  }
  throw new StepFailedError(`${source.name} cannot be fetched`, {
    output: failures.join('\n'),
    hint: `make one of the URLs reachable, or put the file at ${path}`,
  });
}

async function download(url: string, path: string, wanted: string, options: FetchOptions): Promise<void> {
  const stall = new AbortController();
  const stallMs = options.stallMs ?? 30_000;
  const timer = setTimeout(() => stall.abort(new Error(`silent for ${stallMs / 1000} s`)), stallMs);
  const hash = createHash('sha256');
  let received = 0;
  let length: number | undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.any([options.signal, stall.signal]) });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`HTTP ${response.status}`);
    }
    length = Number(response.headers.get('content-length')) || undefined;
    await using file = await open(path, 'wx', 0o600);
    for await (const chunk of response.body) {
      timer.refresh();
      hash.update(chunk);
      await file.writeFile(chunk);
      received += chunk.length;
      options.onProgress?.(received, length);
    }
    await file.sync();
  } catch (error) {
    if (length === undefined || received >= length || stall.signal.aborted || options.signal.aborted) throw error;
    throw new Error(`cut off after ${received} of ${length} bytes: ${explainFetch(error)}`);
  } finally {
    clearTimeout(timer);
  }
  const got = hash.digest('hex');
  if (got === wanted) return;
  throw new StepFailedError(`wrong checksum of ${url}`, {
    output: `expected ${wanted}\ngot      ${got} (${received} bytes)`,
    hint: 'the file was damaged or changed by its publisher; if that is right, delete its line in versions.lock.yaml',
  });
}

async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
