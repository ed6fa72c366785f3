import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAuthorized, parseCgi, serveGit } from './git.ts';
import { ensureRepository } from './repository.ts';

test('a CGI answer is split into status, headers and body', () => {
  expect(parseCgi(Buffer.from('Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno'))).toEqual({
    status: 404,
    headers: [['Content-Type', 'text/plain']],
    body: Buffer.from('no'),
  });
  expect(parseCgi(Buffer.from('Content-Type: x\r\n'))).toBeUndefined();
});

test('only the exact token is let in, whatever the user name', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  for (const user of ['flux', 'git', '']) expect(isAuthorized(basic(`${user}:token`), 'token')).toBe(true);
  for (const header of [undefined, basic('flux:toke'), basic('token'), basic('flux:token:'), 'Bearer token', 'Basic']) {
    expect(isAuthorized(header, 'token')).toBe(false);
  }
});

const git = async (cwd: string, ...args: string[]) =>
  (await promisify(execFile)('git', ['-C', cwd, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args])).stdout;
let directory: string;
let server: Server;
let port: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lab-git-'));
  await ensureRepository(join(directory, 'git'));
  const service = { root: join(directory, 'git'), token: async () => 'secret' };
  server = createServer((request, response) => void serveGit(service, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

test('the repository is cloned and pushed to over HTTP; a wrong password is refused', async () => {
  const url = `http://flux:secret@127.0.0.1:${port}/cluster.git`;
  await git(directory, 'clone', '-q', url, 'clone');
  const clone = join(directory, 'clone');
  expect(await git(clone, 'ls-files')).toContain('kubernetes/apps/hello/deployment.yaml');
  await writeFile(join(clone, 'new.txt'), 'x'.repeat(3_000_000)); // larger than git sends in one piece
  await git(clone, 'add', '.');
  await git(clone, 'commit', '-q', '-m', 'test');
  await git(clone, 'push', '-q', 'origin', 'main');
  const remote = await git(directory, 'ls-remote', url, 'refs/heads/main');
  expect(remote.split('\t')[0]).toBe((await git(clone, 'rev-parse', 'HEAD')).trim());
  await expect(git(directory, 'ls-remote', `http://flux:wrong@127.0.0.1:${port}/cluster.git`)).rejects.toThrow(
    /Authentication failed/,
  );
});

test('a repository that is there stays as it is', async () => {
  const head = () => git(join(directory, 'git', 'cluster.git'), 'rev-parse', 'main');
  const before = await head();
  await ensureRepository(join(directory, 'git'));
  expect(await head()).toBe(before);
});
