import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dialTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '#src/secrets/secret.ts';
import { rawScript, sh } from '#src/shell/script.ts';
import type { Connection, RootShell, Target } from './connection.ts';
import { fingerprint } from './host-key.ts';
import { KnownHosts } from './known-hosts.ts';
import { PrivateKeys } from './private-keys.ts';
import { type ConnectOptions, connect, type TrustedHostKey } from './ssh.ts';
import { testKeyPair, writeTestIdentity } from './test-keys.ts';
import { type TestServer, type TestServerOptions, testServer } from './test-server.ts';

let directory: string;
let identity: string;
let publicKey: Buffer;
const opened: { close(): Promise<void> }[] = [];
const trusted: TrustedHostKey[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  ({ identity, publicKey } = writeTestIdentity(directory));
  trusted.length = 0;
});
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await testServer(options);
  opened.push(server);
  return server;
}

async function logIn(
  server: TestServer,
  target: Partial<Target> = {},
  options: Partial<ConnectOptions> = {},
): Promise<Connection> {
  const connection = await connect(server.target({ identityFiles: [identity], ...target }), {
    signal: AbortSignal.timeout(60_000),
    knownHosts: KnownHosts.open(join(directory, 'known_hosts')),
    onHostKey: (key) => trusted.push(key),
    agent: null,
    sshConfig: '',
    ...options,
  });
  opened.push(connection);
  return connection;
}

async function openShell(
  server: TestServer,
  options: Partial<ConnectOptions> = {},
): Promise<{ connection: Connection; shell: RootShell }> {
  const connection = await logIn(server, {}, options);
  return { connection, shell: await connection.shell({ signal: AbortSignal.timeout(60_000), become: { method: 'none' } }) };
}

describe('host keys', () => {
  it('trusts the first key, says so once, and knows it again', async () => {
    const server = await serve();
    await logIn(server);
    await logIn(server);
    expect(trusted).toEqual([
      { host: 'n1', address: '127.0.0.1', type: 'ssh-ed25519', fingerprint: fingerprint(server.hostKey) },
    ]);
  });

  it('refuses another key, naming both, before it shows any of ours', async () => {
    const server = await serve();
    const known = KnownHosts.open(join(directory, 'known_hosts'));
    known.add('127.0.0.1', server.port, publicKey);
    await expect(logIn(server, {}, { knownHosts: known })).rejects.toMatchObject({
      name: 'PermissionError',
      exitCode: 77,
      host: 'n1',
      output: expect.stringContaining(fingerprint(server.hostKey)),
      hint: expect.stringContaining('picluster host-keys rotate n1'),
    });
    await expect(logIn(server, {}, { knownHosts: known })).rejects.toMatchObject({
      output: expect.stringContaining(fingerprint(publicKey)),
    });
    expect(server.logins).toEqual([]);
  });

  it('believes pinned fingerprints, and nothing else', async () => {
    const server = await serve();
    await logIn(server, { hostKeys: [fingerprint(server.hostKey)] });
    expect(trusted).toEqual([]);
    await expect(logIn(server, { hostKeys: [fingerprint(publicKey)] })).rejects.toMatchObject({ exitCode: 77 });
    expect(existsSync(join(directory, 'known_hosts'))).toBe(false);
  });

  it('finds a pinned key whatever its type', async () => {
    const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
    const other = ssh2.utils.parseKey(pair.public);
    if (other instanceof Error) throw other;
    const server = await serve({ otherHostKey: pair.private });
    await logIn(server, { hostKeys: [fingerprint(other.getPublicSSH())] });
    await expect(logIn(server, { hostKeys: [fingerprint(publicKey)] })).rejects.toMatchObject({
      exitCode: 77,
      output: expect.stringMatching(/ssh-ed25519[\s\S]*ecdsa-sha2-nistp256/),
    });
  });
});

describe('logging in', () => {
  it('tries a key without asking first what is allowed', async () => {
    const server = await serve({ authorized: publicKey });
    await logIn(server, { user: 'pi' });
    expect(new Set(server.logins)).toEqual(new Set(['pi publickey']));
  });

  it('names user, address, and everything that was tried', async () => {
    const server = await serve({ authorized: Buffer.from('nobody') });
    const locked = join(directory, 'locked');
    writeFileSync(locked, testKeyPair({ passphrase: 'x', cipher: 'aes256-ctr', rounds: 2 }).private);
    const missing = join(directory, 'missing');
    await expect(logIn(server, { user: 'pi', identityFiles: [missing, locked, identity] })).rejects.toMatchObject({
      name: 'PermissionError',
      exitCode: 77,
      message: `n1 does not let pi in (pi@127.0.0.1:${server.port})`,
      output: expect.stringMatching(
        new RegExp(`tried key ${identity}\nkey ${missing}: no such file\nkey ${locked}: .*passphrase`),
      ),
    });
  });

  it('asks for the passphrase of a key', async () => {
    const pair = testKeyPair({ passphrase: 'open', cipher: 'aes256-ctr', rounds: 2 });
    const locked = join(directory, 'locked');
    writeFileSync(locked, pair.private);
    const server = await serve();
    await logIn(server, { identityFiles: [locked] }, { keys: new PrivateKeys(async () => 'open') });
    expect(server.logins).toContain('root publickey');
  });

  it('follows ssh_config where the inventory says nothing, and says what it does not follow', async () => {
    const server = await serve();
    const warnings: string[] = [];
    const sshConfig = `Host n1\nHostName 127.0.0.1\nUser pi\nIdentityFile ${identity}\nHostKeyAlias other`;
    await logIn(server, { address: 'n1', user: '', identityFiles: [] }, { sshConfig, onWarning: (text) => warnings.push(text) });
    expect(server.logins).toContain('pi publickey');
    expect(warnings).toEqual(['n1: not followed in your ssh_config: HostKeyAlias (line 5)']);
  });

  it('tells a refused port from a silent machine and an unknown name', async () => {
    const server = await serve();
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(logIn(server, { port })).rejects.toMatchObject({ exitCode: 69, hint: expect.stringContaining('no SSH server') });
    await expect(logIn(server, { address: 'no..such..host' })).rejects.toMatchObject({
      exitCode: 69,
      hint: expect.stringContaining('not known'),
    });
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const target = { port: (silent.address() as AddressInfo).port, connectTimeoutMs: 300 };
    await expect(logIn(server, target)).rejects.toMatchObject({ name: 'HostLostError', host: 'n1' });
    await new Promise((resolve) => silent.close(resolve));
  });

  it('stops when it is interrupted', async () => {
    const server = await serve();
    server.freeze();
    await expect(logIn(server, {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ exitCode: 130 });
  });
});

describe('the root shell', () => {
  it('opens in one exchange, then one per request', async () => {
    const { connection, shell } = await openShell(await serve());
    const reply = await shell.run({ script: rawScript('echo hello; echo oh >&2; exit 3'), timeoutMs: 5_000 });
    expect([reply.exitCode, reply.stdout.toString(), reply.stderr.toString()]).toEqual([3, 'hello\n', 'oh\n']);
    expect(shell.requests).toBe(1);
    expect(connection.traffic.bytesReceived).toBeGreaterThan(1000);
  });

  it('names host and step when the connection is cut in the middle', async () => {
    const server = await serve();
    const { shell } = await openShell(server);
    const request = shell.run({
      script: rawScript('echo begun; sleep 30'),
      step: 'os/package:chrony@n1',
      timeoutMs: 60_000,
      onStdout: () => server.drop(),
    });
    await expect(request).rejects.toMatchObject({
      name: 'HostLostError',
      exitCode: 69,
      host: 'n1',
      step: 'os/package:chrony@n1',
      message: expect.stringContaining('during os/package:chrony@n1'),
    });
    await expect(shell.run({ script: rawScript(':'), timeoutMs: 1_000 })).rejects.toMatchObject({ exitCode: 69 });
  });

  it('notices a machine that fell silent', async () => {
    const server = await serve();
    const { shell } = await openShell(server, { keepalive: { intervalMs: 100, missed: 2 } });
    let frozenAt = 0;
    const request = shell.run({
      script: rawScript('echo begun; sleep 60'),
      step: 'os/slow@n1',
      timeoutMs: 60_000,
      onStdout: () => {
        server.freeze();
        frozenAt = performance.now();
      },
    });
    await expect(request).rejects.toMatchObject({ exitCode: 69, message: expect.stringContaining('no longer answers') });
    expect(performance.now() - frozenAt).toBeLessThan(2_000);
  });

  it('rejects what is under way when the connection is closed', async () => {
    const { connection, shell } = await openShell(await serve());
    const begun = Promise.withResolvers<void>();
    const request = shell.run({ script: rawScript('echo begun; sleep 60'), timeoutMs: 60_000, onStdout: () => begun.resolve() });
    const outcome = expect(request).rejects.toMatchObject({ exitCode: 69 });
    await begun.promise;
    await connection.close();
    await outcome;
  });

  it('says why it could not become root', async () => {
    const connection = await logIn(await serve({ login: ['/bin/sh', '-c', 'PATH=/nowhere; eval "$1"', 'sh'] }));
    const become = { method: 'sudo' } as const;
    await expect(connection.shell({ signal: AbortSignal.timeout(5_000), become })).rejects.toMatchObject({
      name: 'PermissionError',
      exitCode: 77,
      host: 'n1',
      output: expect.stringContaining('not found'),
      hint: expect.stringContaining('install sudo'),
    });
  });

  it('does not send a password to doas where there is no terminal', async () => {
    const connection = await logIn(await serve());
    const become = { method: 'doas', password: new Secret('sesame') } as const;
    await expect(connection.shell({ signal: AbortSignal.timeout(5_000), become })).rejects.toThrow(
      'gives this login no terminal',
    );
  });
});

describe('the lock', () => {
  it('is held by the shell, names its holder, and dies with it', async () => {
    const server = await serve();
    const lock = (holder: string) => ({ path: join(directory, 'lock'), holder });
    const open = async (connection: Connection, holder: string): Promise<RootShell> =>
      connection.shell({ signal: AbortSignal.timeout(20_000), become: { method: 'none' }, lock: lock(holder) });
    const first = await logIn(server);
    await open(first, 'run 1 by alice@desk');
    const second = await logIn(server);
    await expect(open(second, 'run 2 by bob@sofa')).rejects.toMatchObject({
      name: 'LockedError',
      exitCode: 75,
      message: 'n1 is locked by run 1 by alice@desk',
    });
    await first.close();
    const shell = await open(second, "run 3 by o'hara@sofa");
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toMatch(/^run 3 by o'hara@sofa\n\d+\n$/);
    expect((await shell.run({ script: rawScript('echo ok'), timeoutMs: 5_000 })).stdout.toString()).toBe('ok\n');
  }, 30_000);

  it('stays with what an interrupted run left working', async () => {
    const server = await serve();
    const lock = { path: join(directory, 'lock'), holder: 'run 1' };
    const first = await logIn(server);
    const shell = await first.shell({ signal: AbortSignal.timeout(20_000), become: { method: 'none' }, lock });
    const pid = (
      await shell.run({ script: rawScript('sleep 60 >/dev/null 2>&1 & echo $!'), timeoutMs: 5_000 })
    ).stdout.toString();
    await first.close();
    const second = await logIn(server);
    const open = (): Promise<RootShell> =>
      second.shell({ signal: AbortSignal.timeout(20_000), become: { method: 'none' }, lock });
    await expect(open()).rejects.toMatchObject({ exitCode: 75 });
    process.kill(Number(pid));
    await open();
  }, 30_000);
});

describe('uploads', () => {
  const write = (bytes: Buffer): { path: string; sha256: string } => {
    const path = join(directory, 'source');
    writeFileSync(path, bytes);
    return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  const signal = AbortSignal.timeout(60_000);

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['some megabytes', Buffer.alloc(5_000_000, 'picluster')],
  ])('%s arrives as it is', async (_, bytes) => {
    const { connection } = await openShell(await serve());
    const source = write(bytes);
    const target = join(directory, "it's here");
    const progress: number[] = [];
    await connection.upload(source.path, target, {
      signal,
      sha256: source.sha256,
      mode: 0o750,
      onProgress: (sent) => progress.push(sent),
    });
    expect(readFileSync(target).equals(bytes)).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o750);
    expect(progress.at(-1) ?? 0).toBe(bytes.length);
  });

  it.each([
    ['a wrong checksum', { sha256: '0'.repeat(64) }, 'wrong sha256'],
    ['a directory that is not there', { target: 'none/file' }, 'did not take'],
    ['a target that is a directory', { target: '.' }, 'did not take'],
  ])('%s leaves nothing behind', async (_, { sha256, target = 'target' }: { sha256?: string; target?: string }, message) => {
    const { connection } = await openShell(await serve());
    const source = write(Buffer.alloc(300_000, 'x'));
    const before = readdirSync(directory);
    const upload = connection.upload(source.path, join(directory, target), {
      signal,
      sha256: sha256 ?? source.sha256,
      mode: 0o644,
    });
    await expect(upload).rejects.toMatchObject({ exitCode: 70, message: expect.stringContaining(message) });
    expect(readdirSync(directory)).toEqual(before);
  });

  it('an interrupted one leaves nothing behind', async () => {
    const { connection, shell } = await openShell(await serve());
    const source = write(Buffer.alloc(60_000_000));
    const controller = new AbortController();
    const upload = connection.upload(source.path, join(directory, 'target'), {
      ...source,
      signal: controller.signal,
      mode: 0o644,
      onProgress: () => controller.abort(),
    });
    await expect(upload).rejects.toMatchObject({ exitCode: 130 });
    const wait = sh`for n in 1 2 3 4 5 6 7 8 9 10; do ls -A ${directory} | grep -q target || exit 0; sleep 0.2; done; exit 1`;
    expect((await shell.run({ script: wait, timeoutMs: 10_000 })).exitCode).toBe(0);
    expect(readdirSync(directory).sort()).toEqual(['id', 'known_hosts', 'source']);
  });
});

describe('forwards', () => {
  it('carries bytes both ways, and a refused one harms nobody', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { connection, shell } = await openShell(await serve());
    const port = await connection.forward('127.0.0.1', (echo.address() as AddressInfo).port);
    const nowhere = await connection.forward('127.0.0.1', 1);
    const refused = dialTcp(nowhere.port, nowhere.host);
    refused.on('error', () => {});
    await once(refused, 'close');
    const socket = dialTcp(port.port, port.host);
    socket.write('hello');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('hello');
    socket.destroy();
    await port.close();
    await expect(once(dialTcp(port.port, port.host), 'connect')).rejects.toThrow('ECONNREFUSED');
    expect((await shell.run({ script: rawScript(':'), timeoutMs: 5_000 })).exitCode).toBe(0);
    await new Promise((resolve) => echo.close(resolve));
  });
});
