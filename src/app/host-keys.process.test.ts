import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fingerprint } from '#src/transport/host-key.ts';
import { testKeyPair } from '#src/transport/test-keys.ts';
import { type TestServer, testServer } from '#src/transport/test-server.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
let directory: string;
let servers: TestServer[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  servers = await Promise.all(['n1', 'n2'].map(() => testServer()));
  writeFileSync(join(directory, 'key'), testKeyPair().private, { mode: 0o600 });
  writeFileSync(
    join(directory, 'cluster.yaml'),
    'name: home\nrelease: v1.9\nroles: { all: [os] }\nssh: { user: pi, identityFile: key }\n',
  );
  writeHosts();
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(directory, { recursive: true, force: true });
});

/** n2 is behind n1; `pinned` goes to n1. */
function writeHosts(pinned?: string): void {
  const [first, second] = servers.map(({ port }) => port);
  const hostKey = pinned === undefined ? '' : `, hostKey: ${pinned}`;
  const hosts = `hosts:\n  n1: { address: 127.0.0.1, port: ${first}${hostKey} }\n  n2: { address: 127.0.0.1, port: ${second}, jump: n1 }\n`;
  writeFileSync(join(directory, 'hosts.yaml'), hosts);
}

const run = (...args: string[]) =>
  execa(process.execPath, [LAUNCHER, ...args], {
    reject: false,
    input: '',
    timeout: 90_000,
    env: { HOME: directory, XDG_STATE_HOME: join(directory, 'state'), SSH_AUTH_SOCK: '', PICLUSTER_CLUSTER: directory },
  });

const keyOf = (n: number): string => fingerprint(servers[n]!.hostKey);

/** The machine was installed anew: same address, another key. */
async function reinstall(n: number): Promise<void> {
  const { port } = servers[n]!;
  await servers[n]!.close();
  servers[n] = await testServer({ port });
}

it('after a reinstall the error names the command, and the command shows both keys and trusts the new one', async () => {
  expect((await run('host-keys')).stdout).toMatch(/^n1 {2}127\.0\.0\.1:\d+ {2}not seen yet\nn2 .*not seen yet$/);
  expect((await run('exec', '--', 'true')).exitCode).toBe(0);
  const before = keyOf(0);
  const listed = await run('host-keys', 'list');
  expect(listed.stdout).toMatch(
    /^n1 {2}127\.0\.0\.1:\d+ {2}ssh-ed25519 {2}SHA256:\S+ {2}first use, since \d{4}-\d\d-\d\dT[\d:]+Z\n/,
  );
  expect(listed.stdout).toContain(keyOf(1));
  await reinstall(0);
  const refused = await run('exec', '--', 'true');
  expect(refused.exitCode).toBe(77);
  expect(refused.stderr).toMatch(/n1:\n {2}n1 at .* does not have the host key that we know/);
  expect(refused.stderr).toContain('n2 is behind n1: n1 at');
  for (const key of [before, keyOf(0)]) expect(refused.stderr).toContain(key);
  const [, command = ''] = /next: .*: picluster (host-keys rotate \S+);/.exec(refused.stderr) ?? [];
  expect(command).toBe('host-keys rotate n1');

  const unasked = await run(...command.split(' '));
  expect(unasked.exitCode).toBe(64);
  expect(unasked.stderr).toContain('--yes');
  const rotated = await run(...command.split(' '), '--yes');
  expect(rotated.exitCode).toBe(0);
  expect(rotated.stdout).toMatch(/known: {3}SHA256[\s\S]*offered: SHA256/);
  for (const key of [before, keyOf(0)]) expect(rotated.stdout).toContain(key);
  expect((await run('exec', '--', 'true')).exitCode).toBe(0);
  expect((await run('host-keys', 'rotate', 'n1', 'n2', '--yes')).stdout).toMatch(/n1: .*nothing to do\nn2: .*nothing to do/);
  const state = join(directory, 'state', 'picluster', readdirSync(join(directory, 'state', 'picluster'))[0]!);
  expect(readFileSync(join(state, 'known_hosts'), 'utf8').trim().split('\n')).toHaveLength(2);
}, 180_000);

it('a pinned key is not overridden: the line of the inventory is named', async () => {
  const pinned = fingerprint(Buffer.from('another'));
  writeHosts(pinned);
  expect((await run('host-keys')).stdout).toContain(`${pinned}  pinned (hosts.yaml:2)`);
  const refused = await run('host-keys', 'rotate', 'n1', '--yes');
  expect(refused.exitCode).toBe(77);
  expect(refused.stderr).toContain(keyOf(0));
  expect(refused.stderr).toContain('hosts.yaml:2');
  writeHosts(keyOf(0));
  expect((await run('host-keys', 'rotate', 'n1', '--yes')).stdout).toContain('nothing to do');
}, 120_000);

it('says which hosts there are, and which could not be asked', async () => {
  const unknown = await run('host-keys', 'rotate', 'n9', '--yes');
  expect([unknown.exitCode, unknown.stderr]).toEqual([64, expect.stringContaining('there are: n1, n2')]);
  const { port } = servers[1]!;
  await servers[1]!.close();
  const gone = await run('host-keys', 'rotate', 'n1', 'n2', '--yes');
  servers[1] = await testServer({ port });
  expect(gone.exitCode).toBe(69);
  expect(gone.stderr).toContain('n2');
  expect(gone.stdout).toContain(keyOf(0));
  expect((await run('exec', '-l', 'n1', '--', 'true')).exitCode).toBe(0);
}, 120_000);
