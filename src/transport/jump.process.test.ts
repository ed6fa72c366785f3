import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dialTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawScript } from '#src/shell/script.ts';
import type { Connection, Target } from './connection.ts';
import { fingerprint } from './host-key.ts';
import { JumpHosts } from './jump-hosts.ts';
import { KnownHosts } from './known-hosts.ts';
import { type ConnectOptions, connect } from './ssh.ts';
import { writeTestIdentity } from './test-keys.ts';
import { type TestSshd, testSshd } from './test-sshd.ts';

const TIMEOUT_MS = 60_000;
let directory: string;
let identity: string;
let authorized: Buffer;
const opened: { close(): Promise<void> }[] = [];
const trusted: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  ({ identity, publicKey: authorized } = writeTestIdentity(directory));
  trusted.length = 0;
});
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(name: string, lines: readonly string[] = [], address?: string): Promise<TestSshd> {
  const server = await testSshd({ directory, name, authorized, lines, ...(address && { address }) });
  opened.push(server);
  return server;
}

async function logIn(target: Target, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  const connection = await connect(target, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    knownHosts: KnownHosts.open(join(directory, 'known_hosts')),
    onHostKey: ({ host }) => trusted.push(host),
    agent: null,
    sshConfig: '',
    ...options,
  });
  opened.push(connection);
  return connection;
}

/** As the inventory gives them: each with the key. */
const target = (server: TestSshd, overrides: Partial<Target> = {}): Target =>
  server.target({ identityFiles: [identity], ...overrides });

async function say(connection: Connection, line: string): Promise<string> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const shell = await connection.shell({ signal, become: { method: 'none' } });
  const reply = await shell.run({ script: rawScript(line), timeoutMs: TIMEOUT_MS });
  return reply.stdout.toString().trim();
}

describe('a chain of two jump hosts', () => {
  it('carries shells, uploads and forwards; every key on the way is checked', async () => {
    // Shells are counted by MaxSessions, what is forwarded is not.
    const [outer, inner, far] = [
      await serve('outer', ['MaxSessions 1']),
      await serve('inner', ['MaxSessions 1']),
      await serve('far'),
    ];
    const way = target(inner, { jump: target(outer) });
    const connection = await logIn(target(far, { jump: way }));
    expect(trusted).toEqual(['outer', 'inner', 'far']);
    expect(await say(connection, 'echo "$SSH_CONNECTION"')).toMatch(new RegExp(` ${far.port}$`));
    expect([outer.logins(), inner.logins(), far.logins()]).toEqual([1, 1, 1]);
    expect(connection.traffic.bytesSent).toBeGreaterThan(1_000);
    expect(connection.traffic.bytesReceived).toBeGreaterThan(1_000);

    const bytes = Buffer.alloc(8_000_000, 'picluster');
    writeFileSync(join(directory, 'source'), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    await connection.upload(join(directory, 'source'), join(directory, 'copy'), { signal, sha256, mode: 0o600 });
    expect(readFileSync(join(directory, 'copy')).equals(bytes)).toBe(true);
    expect(connection.traffic.bytesSent).toBeGreaterThan(bytes.length);

    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const port = await connection.forward('127.0.0.1', (echo.address() as AddressInfo).port);
    const socket = dialTcp(port.port, port.host);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
  }, 90_000);

  it('is what ProxyJump of ssh_config says, with aliases, unless the inventory says none', async () => {
    const [outer, inner, far] = [await serve('outer'), await serve('inner'), await serve('far')];
    const host = (name: string, { port }: TestSshd, more = ''): string =>
      `Host ${name}\nHostName 127.0.0.1\nPort ${port}\nIdentityFile ${identity}\n${more}`;
    const sshConfig = [host('outer', outer), host('inner', inner, 'ProxyJump outer\n'), host('far', far, 'ProxyJump inner')].join(
      '',
    );
    const { jump: _, ...unsaid } = far.target({ address: 'far', port: 22 });
    await logIn(unsaid, { sshConfig });
    expect([outer.logins(), inner.logins(), far.logins()]).toEqual([1, 1, 1]);
    await logIn({ ...unsaid, jump: 'none' }, { sshConfig });
    expect([outer.logins(), inner.logins(), far.logins()]).toEqual([1, 1, 2]);
    await expect(logIn(unsaid, { sshConfig: 'Host far\nProxyCommand nc %h %p' })).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('ProxyCommand (line 2)'),
    });
    await expect(logIn(unsaid, { sshConfig: 'Host far\nProxyJump inner\nHost inner\nProxyJump far' })).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('circle'),
    });
  }, 90_000);
});

describe('one jump host', () => {
  it('has one connection, however many hosts are behind it, and none after the last', async () => {
    const [jump, far] = [await serve('jump', ['MaxSessions 1', 'MaxStartups 1']), await serve('far', ['MaxStartups 100'])];
    const jumps = new JumpHosts();
    const behind = await Promise.all(
      Array.from({ length: 12 }, (_, n) => logIn(target(far, { name: `n${n}`, jump: target(jump) }), { jumps })),
    );
    expect(await Promise.all(behind.map((connection, n) => say(connection, `echo ${n}`)))).toEqual(behind.map((_, n) => `${n}`));
    expect([jump.logins(), far.logins()]).toEqual([1, 12]);
    await Promise.all(behind.slice(1).map((connection) => connection.close()));
    expect(await say(behind[0]!, 'echo still')).toBe('still');
    await behind[0]!.close();
    await logIn(target(far, { jump: target(jump) }), { jumps });
    expect(jump.logins()).toBe(2);
  }, 90_000);

  it('that is cut off loses those behind it, and each can come back', async () => {
    const [jump, far] = [await serve('jump'), await serve('far')];
    const jumps = new JumpHosts();
    const way = target(jump);
    const behind = await Promise.all(['n1', 'n2'].map((name) => logIn(target(far, { name, jump: way }), { jumps })));
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const shells = await Promise.all(behind.map((connection) => connection.shell({ signal, become: { method: 'none' } })));
    const requests = shells.map((shell) =>
      shell.run({ script: rawScript('echo begun; sleep 60'), timeoutMs: TIMEOUT_MS, step: 'x' }),
    );
    const outcomes = Promise.all(requests.map((request) => expect(request).rejects.toMatchObject({ exitCode: 69 })));
    await jump.close();
    await outcomes;
    const again = logIn(target(far, { name: 'n1', jump: way }), { jumps });
    await expect(again).rejects.toMatchObject({
      exitCode: 69,
      host: 'n1',
      message: expect.stringMatching(/^n1 is behind jump: cannot reach jump at 127\.0\.0\.1:\d+: ECONNREFUSED/),
    });
    const other = await serve('jump2');
    expect(await say(await logIn(target(far, { name: 'n1', jump: target(other) }), { jumps }), 'echo back')).toBe('back');
  }, 90_000);

  it('is named when it is the one that fails', async () => {
    const far = await serve('far');
    const closed = await serve('closed', ['AllowTcpForwarding no']);
    const jump = await serve('jump');
    await expect(logIn(target(far, { jump: target(closed) }))).rejects.toMatchObject({
      exitCode: 69,
      host: 'far',
      message: expect.stringMatching(/^cannot reach far at 127\.0\.0\.1:\d+ through closed: /),
      hint: expect.stringContaining('AllowTcpForwarding'),
    });
    await expect(logIn(target(far, { port: 1, jump: target(jump) }))).rejects.toMatchObject({
      exitCode: 69,
      host: 'far',
      message: expect.stringMatching(/^cannot reach far at 127\.0\.0\.1:1 through jump: .*refused/i),
    });
    await expect(logIn(target(far, { jump: target(jump, { identityFiles: [] }) }))).rejects.toMatchObject({
      name: 'PermissionError',
      exitCode: 77,
      host: 'far',
      message: expect.stringMatching(/^far is behind jump: jump does not let /),
    });
    const wrong = [fingerprint(authorized)];
    await expect(logIn(target(far, { jump: target(jump, { hostKeys: wrong }) }))).rejects.toMatchObject({
      exitCode: 77,
      host: 'far',
      message: expect.stringContaining('far is behind jump: jump at'),
      output: expect.stringContaining(fingerprint(jump.hostKey)),
    });
    await expect(logIn(target(far, { hostKeys: wrong, jump: target(jump) }))).rejects.toMatchObject({
      exitCode: 77,
      message: expect.stringMatching(/^far at/),
    });
  }, 90_000);

  it('may be given up by one while another waits for it', async () => {
    const [jump, far] = [await serve('jump'), await serve('far')];
    const jumps = new JumpHosts();
    const controller = new AbortController();
    const first = logIn(target(far, { name: 'n1', jump: target(jump) }), { jumps, signal: controller.signal });
    const outcome = expect(first).rejects.toMatchObject({ exitCode: 130, host: 'n1' });
    const second = logIn(target(far, { name: 'n2', jump: target(jump) }), { jumps });
    controller.abort();
    await outcome;
    expect(await say(await second, 'echo there')).toBe('there');
    expect(jump.logins()).toBe(1);
  }, 90_000);
});

it('speaks IPv6, directly and through a jump host, and keeps its keys as OpenSSH does', async () => {
  const [jump, far] = [await serve('jump', [], '::1'), await serve('far', [], '::1')];
  const connection = await logIn(target(far, { jump: target(jump) }));
  expect(await say(connection, 'echo "$SSH_CONNECTION"')).toMatch(/^::1 \d+ ::1 \d+$/);
  const known = readFileSync(join(directory, 'known_hosts'), 'utf8');
  expect(known).toContain(`[::1]:${jump.port} ssh-ed25519 `);
  expect(known).toContain(`[::1]:${far.port} ssh-ed25519 `);
  await far.close();
  await expect(logIn(target(far))).rejects.toMatchObject({ message: `cannot reach far at [::1]:${far.port}: ECONNREFUSED` });
}, 60_000);
