import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testKeyPair } from '#src/transport/test-keys.ts';
import { type TestServer, testServer } from '#src/transport/test-server.ts';
import { onTerminal } from '../../test/support/terminal.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
const [PASSPHRASE, PASSWORD] = ['correct-horse-1', 'correct-horse-2'];
/** Asks as sudo does, three times; takes one password; notes what it was started with. */
const SUDO = `#!/bin/sh
tr '\\0' ' ' </proc/$$/cmdline >>"$0.seen"; env >>"$0.seen"
prompt=; while [ "$1" != sh ]; do [ "$1" != -p ] || prompt=$2; [ "$1" != -n ] || { echo 'sudo: a password is required' >&2; exit 1; }; shift; done
for try in 1 2 3; do
  printf %s "$prompt" >&2; read -r password
  [ "$password" != '${PASSWORD}' ] || exec "$@"
  echo 'Sorry, try again.' >&2
done
exit 1
`;
let directory: string;
let servers: TestServer[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  const write = (name: string, text: string, mode = 0o600): void => writeFileSync(join(directory, name), text, { mode });
  write('sudo', SUDO);
  chmodSync(join(directory, 'sudo'), 0o755);
  write('key', testKeyPair({ passphrase: PASSPHRASE, cipher: 'aes256-ctr', rounds: 16 }).private);
  const login = ['/bin/sh', '-c', `PATH=${directory}:$PATH; export PATH; eval "$1"`, 'sh'];
  servers = await Promise.all(['n1', 'n2', 'n3'].map(() => testServer({ login })));
  const hosts = servers.map(({ port }, n) => `  n${n + 1}: { address: 127.0.0.1, port: ${port} }`);
  write('hosts.yaml', `hosts:\n${hosts.join('\n')}\n`);
  write('cluster.yaml', 'name: home\nrelease: v1.9\nroles: { all: [os] }\nssh: { user: pi, identityFile: key, become: sudo }\n');
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(directory, { recursive: true, force: true });
});

const environment = (): Record<string, string> => ({
  HOME: directory,
  XDG_STATE_HOME: join(directory, 'state'),
  SSH_AUTH_SOCK: '',
  PICLUSTER_CLUSTER: directory,
});

const count = (text: string, word: string): number => text.split(word).length - 1;

it('a passphrase and a become password are asked once for all hosts, again when wrong, and shown nowhere', async () => {
  const { exitCode, all, unasked } = await onTerminal(
    'exec -K -- echo done',
    ['wrong-1', PASSPHRASE, 'wrong-2', PASSWORD],
    environment(),
  );
  expect(all).toContain('n3: exit status 0');
  expect({
    exitCode,
    unasked,
    passphrases: count(all, 'passphrase of'),
    passwords: count(all, 'password to become root'),
  }).toEqual({
    exitCode: 0,
    unasked: [],
    passphrases: 2,
    passwords: 1,
  });
  expect(count(all, 'did not accept it; once more')).toBe(1);
  const seen = readFileSync(join(directory, 'sudo.seen'), 'utf8');
  expect(count(seen, 'SSH') + count(seen, 'PATH=')).toBeGreaterThan(0);
  for (const secret of ['wrong-1', 'wrong-2', PASSPHRASE, PASSWORD])
    expect([all.includes(secret), seen.includes(secret)]).toEqual([false, false]);
}, 120_000);

it('a password that stays wrong is told of all hosts, and nothing was asked a third time', async () => {
  const { exitCode, all, unasked } = await onTerminal('plan -K', [PASSPHRASE, 'wrong-1', 'wrong-2', PASSWORD], environment());
  expect({ exitCode, unasked }).toEqual({ exitCode: 77, unasked: [PASSWORD] });
  for (const host of ['n1', 'n2', 'n3']) expect(all).toContain(`sudo on ${host} did not accept the password of pi`);
}, 120_000);

it('without a terminal: which key, and the two ways to a password', async () => {
  const options = { reject: false, input: '', env: environment(), timeout: 90_000 } as const;
  const run = (...args: string[]) => execa(process.execPath, [LAUNCHER, ...args], options);
  const locked = await run('plan');
  expect(locked.exitCode).toBe(77);
  expect(locked.stderr).toContain(`key ${directory}/key: it is protected by a passphrase`);
  expect(locked.stderr).toContain(`ssh-add ${directory}/key`);
  writeFileSync(join(directory, 'key'), testKeyPair().private, { mode: 0o600 });
  const asking = await run('plan', '-K');
  expect(asking.exitCode).toBe(77);
  expect(asking.stderr).toMatch(/n1 asks for a password to become root[\s\S]*n3 asks[\s\S]*terminal.*passwordSecret/);
  const unasked = await run('plan');
  expect(unasked.stderr).toMatch(/a password is required[\s\S]*--ask-become-pass/);
}, 120_000);
