import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import type { Target } from './connection.ts';
import { testKeyPair } from './test-keys.ts';

export interface TestSshd {
  readonly port: number;
  readonly hostKey: Buffer;
  target(overrides?: Partial<Target>): Target;
  /** Logins that it took. */
  logins(): number;
  /** Ends it with all its connections. */
  close(): Promise<void>;
}

/** OpenSSH's own server on a free port, for what a server of our own could get wrong with us. `lines` go into its sshd_config. */
export async function testSshd(options: {
  directory: string;
  name: string;
  authorized: Buffer;
  address?: string;
  lines?: readonly string[];
}): Promise<TestSshd> {
  const { name, address = '127.0.0.1', lines = [] } = options;
  const directory = join(options.directory, `sshd-${name}`);
  mkdirSync(directory, { mode: 0o700 });
  // Of root's sshd: where it drops its rights.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const pair = testKeyPair();
  const parsed = ssh2.utils.parseKey(pair.public);
  if (parsed instanceof Error) throw parsed;
  writeFileSync(join(directory, 'host'), pair.private, { mode: 0o600 });
  writeFileSync(join(directory, 'authorized'), `ssh-ed25519 ${options.authorized.toString('base64')}\n`);
  const port = await freePort(address);
  const config = [
    `ListenAddress ${address.includes(':') ? `[${address}]` : address}:${port}`,
    `HostKey ${directory}/host`,
    `AuthorizedKeysFile ${directory}/authorized`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    ...lines,
  ];
  writeFileSync(join(directory, 'config'), `${config.join('\n')}\n`);
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(server, 'exit');
  await listening(
    address,
    port,
    () => server.exitCode === null,
    () => said,
  );
  return {
    port,
    hostKey: parsed.getPublicSSH(),
    target: (overrides = {}) => ({
      name,
      address,
      port,
      user: userInfo().username,
      become: { method: 'none' },
      hostKeys: [],
      identityFiles: [],
      connectTimeoutMs: 20_000,
      jump: 'none',
      ...overrides,
    }),
    logins: () => said.split('Accepted publickey').length - 1,
    close: async () => {
      if (server.exitCode === null && server.signalCode === null && server.pid !== undefined)
        for (const pid of withDescendants(server.pid)) kill(pid);
      await ended;
    },
  };
}

/** A connection's process has a session of its own: the server's group is not enough. */
function withDescendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(withDescendants)];
}

/** None of a process that has just ended. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(address: string, port: number, isAlive: () => boolean, said: () => string): Promise<void> {
  for (let tries = 0; tries < 200 && isAlive(); tries++) {
    const socket = connect({ host: address, port });
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen on ${port}: ${said()}`);
}
