import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { serveGit } from '#lab/serve/git.ts';
import { InterruptedError, StepFailedError } from '#src/errors.ts';
import { gitHead } from './git-head.ts';
import { clusterWith } from './testing/cluster.ts';

const TOKEN = 'token-of-the-test';
const { signal } = new AbortController();
let directory: string;
let server: Server;
let url: string;
let commit: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-git-test-'));
  const git = (...words: string[]) => execFileSync('git', words, { cwd: directory, encoding: 'utf8' }).trim();
  git('init', '-q', '--bare', '-b', 'main', 'cluster.git');
  git('init', '-q', '-b', 'main', 'work');
  git('-C', 'work', '-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-q', '--allow-empty', '-m', 'first');
  git('-C', 'work', 'push', '-q', '../cluster.git', 'main');
  commit = git('-C', 'work', 'rev-parse', 'HEAD');
  server = createServer((request, response) => serveGit({ root: directory, token: async () => TOKEN }, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/cluster.git`;
});

afterEach(() => vi.unstubAllEnvs());

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

const ask = (gitops: object, token = TOKEN) => {
  const cluster = clusterWith({ url, auth: 'token', ...gitops }, { 'git.username': 'flux', 'git.token': token });
  return gitHead(cluster, cluster.gitops, signal);
};

test("the branch's commit, with a token", async () => {
  expect(await ask({})).toEqual({ commit });
});

test('a branch that is not there is an error', async () => {
  await expect(ask({ branch: 'nope' })).rejects.toThrow(StepFailedError);
});

test('a refused token is a reason, and is not in it', async () => {
  const head = await ask({}, 'a-wrong-token');
  expect(head).toEqual({ unreachable: expect.stringMatching(/auth/i) });
  expect(JSON.stringify(head)).not.toContain('a-wrong-token');
});

test('nobody there is a reason', async () => {
  expect(await ask({ url: 'http://127.0.0.1:1/cluster.git' })).toEqual({
    unreachable: expect.stringContaining('unable to access'),
  });
});

test('no git here is a reason', async () => {
  vi.stubEnv('PATH', join(directory, 'empty'));
  expect(await ask({})).toEqual({ unreachable: 'git is not installed here' });
});

test('an abort is not a reason', async () => {
  const cluster = clusterWith({ url });
  await expect(gitHead(cluster, cluster.gitops, AbortSignal.abort())).rejects.toThrow(InterruptedError);
});

test.each(['token', 'ssh'] as const)('with %s, no secret is in arguments or environment, and no file is left', async (auth) => {
  const record = join(directory, `record-${auth}`);
  const bin = join(directory, 'bin');
  const temporary = join(directory, `tmp-${auth}`);
  for (const path of [bin, temporary]) mkdirSync(path, { recursive: true });
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\n{ env; printf '%s\\n' "$@"; stat -c '%a %n' "$TMPDIR"/*/*; } >'${record}'\necho ${commit} ref\n`,
  );
  chmodSync(join(bin, 'git'), 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`);
  vi.stubEnv('TMPDIR', temporary);
  const secrets = { 'git.token': 'secret-token', 'git.identity': 'secret-key', 'git.knownHosts': 'host key' };
  const cluster = clusterWith({ url, auth }, secrets);
  expect(await gitHead(cluster, cluster.gitops, signal)).toEqual({ commit });
  const seen = readFileSync(record, 'utf8');
  expect(seen).toMatch(auth === 'token' ? /^GIT_ASKPASS=/m : /^GIT_SSH_COMMAND=/m);
  expect(seen).not.toMatch(/secret-token|secret-key/);
  const modes = seen.split('\n').filter((line) => line.includes(`${temporary}/`) && /^\d{3} /.test(line));
  expect(modes.map((line) => line.slice(0, 3)).every((mode) => mode === '600' || mode === '700')).toBe(true);
  expect(modes.length).toBeGreaterThan(1);
  expect(existsSync(temporary) && readdirSync(temporary)).toEqual([]);
});
