import type { Socket } from 'node:net';
import { homedir, userInfo } from 'node:os';
import type { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthHandlerMiddleware, CipherAlgorithm, Client } from 'ssh2';
import { InterruptedError } from '#src/errors.ts';
import type { Connection, Target } from './connection.ts';
import { dial } from './dial.ts';
import { fingerprint, type HostKeyAlgorithm, hostKeyAlgorithms, judgeHostKey, keyType, withoutType } from './host-key.ts';
import { findIdentities, type Identities } from './identities.ts';
import type { KnownHosts } from './known-hosts.ts';
import { keyMismatch, loginError, type RefusedKeys } from './login-errors.ts';
import { readSshConfig, type SshSettings, sshSettings } from './ssh-config.ts';
import { SshConnection } from './ssh-connection.ts';

/** A host that was cut off is noticed after (missed + 1) intervals: 12 s. */
const KEEPALIVE = { intervalMs: 4_000, missed: 2 };

/** AES-GCM runs in the processor and in Node's own crypto; the rest is for servers that lack it. */
const CIPHERS: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
];

/** A host's key that was not known before, and is trusted from now on. */
export interface TrustedHostKey {
  host: string;
  address: string;
  type: string;
  fingerprint: string;
}

export interface ConnectOptions {
  signal: AbortSignal;
  /** Of the cluster, shared by all connections of a run. */
  knownHosts: KnownHosts;
  /** Called before authentication when a key is trusted on first use: say it aloud. */
  onHostKey(event: TrustedHostKey): void;
  /** Socket of the agent; default $SSH_AUTH_SOCK, null: none. */
  agent?: string | null | undefined;
  askPassphrase?: (path: string) => Promise<string | undefined>;
  /** Text of the operator's ssh_config; default ~/.ssh/config. */
  sshConfig?: string;
  /** How often the host is asked whether it is there, and how many answers may be missing. Default: 4 s, 2. */
  keepalive?: { intervalMs: number; missed: number };
  /** Said aloud: what of ssh_config matters for this host and is not followed. */
  onWarning?(text: string): void;
}

/**
 * Logs in to a host. Throws HostLostError (69) when it cannot be reached, PermissionError (77) when its key is not the expected one
 * (before anything was offered to it) or it refuses the login, InterruptedError (130). On failure nothing stays open.
 */
export async function connect(wanted: Target, options: ConnectOptions): Promise<Connection> {
  const { target, settings } = await withSshConfig(wanted, options);
  const agent = options.agent === undefined ? process.env.SSH_AUTH_SOCK || undefined : (options.agent ?? undefined);
  const { user, identityFiles } = target;
  const { identitiesOnly } = settings;
  const { askPassphrase, knownHosts } = options;
  const identities = await findIdentities({ user, identityFiles, agent, identitiesOnly, askPassphrase });
  // A host has keys of several types, and a fingerprint does not say of which: with pinned ones, each type gets its chance.
  let refused: RefusedKeys | undefined;
  let algorithms = hostKeyAlgorithms(knownHosts.keysOf(target.address, target.port));
  for (;;) {
    const [{ NodeSSH }, socket] = await Promise.all([
      import('node-ssh'),
      dial({ host: target.name, ...target, timeoutMs: target.connectTimeoutMs, signal: options.signal }),
    ]);
    const outcome = await logIn(new NodeSSH(), { target, options, identities, algorithms, socket });
    if ('client' in outcome) return new SshConnection(target, outcome.client, socket);
    const { error, mismatch } = outcome;
    if (!mismatch) throw refused ? keyMismatch(target, knownHosts, refused) : error;
    refused = { ...mismatch, keys: [...(refused?.keys ?? []), ...mismatch.keys] };
    algorithms = withoutType(algorithms, mismatch.keys);
    if (mismatch.source === 'known' || algorithms.length === 0) throw keyMismatch(target, knownHosts, refused);
  }
}

/** The inventory wins; what it leaves open (no user, the usual port, no identity file) is for ssh_config to say. */
async function withSshConfig(wanted: Target, options: ConnectOptions): Promise<{ target: Target; settings: SshSettings }> {
  const settings = sshSettings(options.sshConfig ?? (await readSshConfig()), wanted.address, homedir());
  if (settings.unsupported.length > 0) {
    options.onWarning?.(`${wanted.name}: not followed in your ssh_config: ${settings.unsupported.join(', ')}`);
  }
  const target: Target = {
    ...wanted,
    address: settings.hostName ?? wanted.address,
    port: wanted.port === 22 ? (settings.port ?? 22) : wanted.port,
    user: wanted.user || settings.user || userInfo().username,
    identityFiles: wanted.identityFiles.length > 0 ? wanted.identityFiles : settings.identityFiles,
  };
  return { target, settings };
}

interface Login {
  target: Target;
  options: ConnectOptions;
  identities: Identities;
  algorithms: HostKeyAlgorithm[];
  socket: Socket;
}

type LoginOutcome = { client: Client } | { error: Error; mismatch: RefusedKeys | undefined };

/** One handshake. Throws InterruptedError only; on failure the socket is closed. */
async function logIn(ssh: NodeSSH, { target, options, identities, algorithms, socket }: Login): Promise<LoginOutcome> {
  const { knownHosts, signal, keepalive = KEEPALIVE } = options;
  let mismatch: RefusedKeys | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    const verdict = judgeHostKey(key, target.hostKeys, knownHosts.keysOf(target.address, target.port));
    if (verdict.trust === 'mismatch') mismatch = { keys: [key], ...verdict };
    if (verdict.trust === 'first') {
      knownHosts.add(target.address, target.port, key);
      options.onHostKey({ host: target.name, address: target.address, type: keyType(key), fingerprint: fingerprint(key) });
    }
    return verdict.trust !== 'mismatch';
  };
  const onAbort = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await ssh.connect({
      sock: socket,
      username: target.user,
      readyTimeout: target.connectTimeoutMs,
      keepaliveInterval: keepalive.intervalMs,
      keepaliveCountMax: keepalive.missed,
      hostVerifier,
      authHandler: authHandler(identities.methods),
      algorithms: { serverHostKey: algorithms, cipher: CIPHERS },
    });
    if (!ssh.connection) throw new Error('the connection was closed');
    return { client: ssh.connection };
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw new InterruptedError(`interrupted while ${target.name} was connected`, { host: target.name });
    return { error: loginError(target, identities, error as Error & { level?: string }), mismatch };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Each method once, without asking first which are allowed: that would cost a round trip. */
function authHandler(methods: readonly AnyAuthMethod[]): AuthHandlerMiddleware {
  const left = [...methods];
  return (_allowed, _partial, next) => {
    // A method that ssh2 skips asks again from within its own loop: answer on a later tick. `false` ends it; the types forgot it.
    setImmediate(() => next((left.shift() ?? false) as AnyAuthMethod));
  };
}
