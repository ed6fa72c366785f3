import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import type { Target } from './connection.ts';
import { testKeyPair } from './test-keys.ts';

export interface TestServer {
  readonly port: number;
  /** Public key blob of the host key. */
  readonly hostKey: Buffer;
  /** Logins that were tried, as `user method`. */
  readonly logins: readonly string[];
  target(overrides?: Partial<Target>): Target;
  /** Cuts all connections, as a machine that dies with a reset. */
  drop(): void;
  /** Reads and answers nothing more, as a machine whose power is cut: the sockets stay open. */
  freeze(): void;
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** Public key that may log in; default: everybody may, by any key. */
  authorized?: Buffer;
  /** Default: a free one. */
  port?: number;
  /** Private host key; default: a new one. */
  hostKey?: string;
  /** A second host key, of another type. */
  otherHostKey?: string;
  /** Words by which commands are run: `['/bin/sh', '-c']`. */
  login?: readonly string[];
}

/** An SSH server in this process, for tests: runs commands as the user of the test, forwards TCP, and can fail in many ways. */
export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const hostKey = options.hostKey ?? testKeyPair().private;
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  const clients = new Set<Connection>();
  const sockets = new Set<Socket>();
  const logins: string[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey, ...(options.otherHostKey ? [options.otherHostKey] : [])] }, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => {});
    client.on('authentication', (context) => {
      logins.push(`${context.username} ${context.method}`);
      authenticate(context, options.authorized);
    });
    client.on('session', (accept) => serveSession(accept(), options.login ?? ['/bin/sh', '-c']));
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = connect({ host: destIP, port: destPort }, () => join(accept(), socket));
      socket.on('error', () => reject());
    });
  });
  server.on('connection', () => {});
  (server as unknown as { _srv: import('node:net').Server })._srv.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    hostKey: parsed.getPublicSSH(),
    logins,
    target: (overrides = {}) => ({
      name: 'n1',
      address: '127.0.0.1',
      port,
      user: 'root',
      become: { method: 'none' },
      hostKeys: [],
      identityFiles: [],
      connectTimeoutMs: 5_000,
      ...overrides,
    }),
    drop: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze: () => {
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.pause();
        socket.write = () => true;
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function authenticate(context: AuthContext, authorized: Buffer | undefined): void {
  const isAllowed = context.method === 'publickey' && (!authorized || authorized.equals(context.key.data));
  if (isAllowed) context.accept();
  else context.reject(['publickey']);
}

function serveSession(session: Session, login: readonly string[]): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel: ServerChannel = accept();
    const [file = 'sh', ...args] = login;
    const child = spawn(file, [...args, command], { stdio: 'pipe' });
    channel.pipe(child.stdin);
    child.stdin.on('error', () => {});
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on('error', () => {});
    channel.on('close', () => child.stdin.end());
    child.on('close', (code) => {
      if (!channel.writable) return;
      channel.exit(code ?? 255);
      channel.end();
    });
  });
}

function join(near: Duplex, far: Duplex): void {
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy());
  near.on('close', () => far.destroy());
}
