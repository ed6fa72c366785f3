import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepFailedError } from '#src/errors.ts';
import { ArtifactBook } from './artifact-book.ts';
import { fetchArtifact } from './fetch.ts';
import { lockArtifacts } from './lock.ts';
import { LOCK_FILE, readLock } from './lock-file.ts';
import { releasesOf } from './release.ts';
import { VersionsFile } from './schema.ts';

const CONTENT = 'the binary\n'.repeat(20_000);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const { signal } = new AbortController();

let directory: string;
let server: Server;
let base: string;
let requests: string[];
/** By path: text, a status, or silence or the end after the first piece. */
let pages: Record<string, string | number | 'stall' | 'cut'>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-artifacts-'));
  requests = [];
  pages = {};
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const page = pages[decodeURIComponent(request.url ?? '')] ?? 404;
    if (page === 'stall') return void response.writeHead(200, { 'content-length': 100 }).write('first piece');
    if (page === 'cut') {
      response.writeHead(200, { 'content-length': 100 }).write('first piece', () => response.destroy());
      return;
    }
    if (typeof page === 'number') return void response.writeHead(page).end();
    response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

const source = (...urls: string[]) => ({ urls, sha256: SHA256, name: 'tool' });

describe('fetching an artifact', () => {
  it('goes to the next URL, reports progress, and fetches once', async () => {
    pages = { '/ok': CONTENT, '/broken': 500 };
    const seen: number[] = [];
    const options = { cacheDir: directory, signal, onProgress: (bytes: number) => seen.push(bytes) };
    const path = await fetchArtifact(source(`${base}/none`, `${base}/broken`, `${base}/ok`), options);
    expect(await readFile(path, 'utf8')).toBe(CONTENT);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(await fetchArtifact(source(`${base}/none`), options)).toBe(path);
    expect(requests).toEqual(['/none', '/broken', '/ok']);
  });

  it('a wrong checksum names URL, wanted and got, and leaves nothing', async () => {
    pages = { '/bad': 'something else' };
    const error = await fetchArtifact(source(`${base}/bad`, `${base}/ok`), { cacheDir: directory, signal }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error.message).toBe(`wrong checksum of ${base}/bad`);
    const got = createHash('sha256').update('something else').digest('hex');
    expect(error.output).toBe(`expected ${SHA256}\ngot      ${got} (14 bytes)`);
    expect(await readdir(join(directory, SHA256))).toEqual([]);
  });

  it('a damaged file in the cache is fetched again', async () => {
    pages = { '/ok': CONTENT };
    const path = await fetchArtifact(source(`${base}/ok`), { cacheDir: directory, signal });
    await writeFile(path, 'damaged');
    await fetchArtifact(source(`${base}/ok`), { cacheDir: directory, signal });
    expect(await readFile(path, 'utf8')).toBe(CONTENT);
  });

  it('a server that falls silent is left; every reason is told', async () => {
    pages = { '/stall': 'stall' };
    const urls = [`${base}/stall`, `${base}/none`, 'http://127.0.0.1:1/refused'];
    const error = await fetchArtifact(source(...urls), { cacheDir: directory, signal, stallMs: 200 }).catch((thrown) => thrown);
    expect(error.message).toBe('tool cannot be fetched');
    expect(error.output.split('\n')[0]).toContain('silent for 0.2 s');
    expect(error.output.split('\n')[1]).toContain('/none: HTTP 404');
    expect(await readdir(join(directory, SHA256))).toEqual([]);
  });

  it('a server that ends too early, and a name that DNS does not know, are told as that', async () => {
    pages = { '/cut': 'cut' };
    const urls = [`${base}/cut`, 'http://artifacts.invalid/tool'];
    const error = await fetchArtifact(source(...urls), { cacheDir: directory, signal }).catch((thrown) => thrown);
    const [cut, unknown] = error.output.split('\n');
    expect(cut).toMatch(/\/cut: cut off after \d+ of 100 bytes: /);
    expect(unknown).toMatch(/: this machine cannot resolve the name artifacts\.invalid \(DNS: E\w+\)$/);
    expect(await readdir(join(directory, SHA256))).toEqual([]);
  });

  it('ends when it is aborted, without a trace', async () => {
    pages = { '/stall': 'stall' };
    const abort = new AbortController();
    const fetching = fetchArtifact(source(`${base}/stall`), { cacheDir: directory, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('interrupted')), 50);
    await expect(fetching).rejects.toThrow('interrupted');
    expect(await readdir(join(directory, SHA256))).toEqual([]);
  });
});

describe('learning checksums', () => {
  const book = (mirrors: string[], checksums: ReadonlyMap<string, string> = new Map()): ArtifactBook => {
    const file = VersionsFile.parse({
      releases: {
        r: {
          architectures: ['amd64'],
          components: {
            tool: {
              version: 'v1+1',
              artifacts: {
                binary: { url: `${base}/{version}/tool`, checksums: `${base}/{version}/sums` },
                images: { url: `${base}/{version}/images`, checksums: `${base}/{version}/sums` },
              },
            },
          },
        },
      },
    });
    return new ArtifactBook(releasesOf([file]).get('r')!, mirrors, checksums);
  };

  it('once, from the mirror first, said aloud, recorded', async () => {
    const sums = `${SHA256}  tool\n`;
    pages = { [`/mirror/${base.slice(7)}/v1+1/sums`]: sums, '/v1+1/sums': 'wrong\n' };
    const said: string[] = [];
    const first = book([`${base}/mirror`]);
    expect(() => first.source('tool', 'binary', 'amd64')).toThrow('it was not asked for yet');
    await lockArtifacts({ directory, book: first }, { signal, log: (line) => said.push(line) });
    expect(first.source('tool', 'binary', 'amd64').sha256).toBe(SHA256);
    expect(() => first.source('tool', 'images', 'amd64')).toThrow('has no line for images');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('/sums for tool tool');
    expect([...(await readLock(directory))]).toEqual([[`${base}/v1%2B1/tool`, SHA256]]);
    expect(await readFile(join(directory, LOCK_FILE), 'utf8')).toMatch(/^# SHA-256/);
    expect(requests).toHaveLength(1);

    const second = book([], await readLock(directory));
    expect(second.source('tool', 'binary', 'amd64').sha256).toBe(SHA256);
    expect(second.unknown().map(({ artifact }) => artifact)).toEqual(['images']);
  });

  it('what cannot be learnt fails when it is asked for, with every reason', async () => {
    const unlucky = book(['http://127.0.0.1:1/mirror']);
    await lockArtifacts({ directory, book: unlucky }, { signal, log: () => undefined });
    expect(() => unlucky.source('tool', 'binary', 'amd64')).toThrow(/127\.0\.0\.1:1\/mirror.*: .*; .*\/v1%2B1\/sums: HTTP 404/);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(['a: [', 'https://x/y: abc\n', '- x\n'])('a damaged lock file is refused: %j', async (text) => {
    await writeFile(join(directory, LOCK_FILE), text);
    await expect(readLock(directory)).rejects.toMatchObject({ exitCode: 65, message: `${LOCK_FILE} is damaged` });
  });
});
