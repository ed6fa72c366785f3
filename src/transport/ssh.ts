import type { Socket } from 'node:net';
import { homedir, userInfo } from 'node:os';
import type { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthHandlerMiddleware, Client } from 'ssh2';
import { HostLostError, InterruptedError, PermissionError } from '#src/errors.ts';
import type { Connection, Target } from './connection.ts';
import { dial } from './dial.ts';
import { fingerprint, hostKeyAlgorithms, judgeHostKey, keyType, type Verdict } from './host-key.ts';
import { findIdentities, type Identities } from './identities.ts';
import type { KnownHosts } from './known-hosts.ts';
import { readSshConfig, type SshSettings, sshSettings } from './ssh-config.ts';
import { SshConnection } from './ssh-connection.ts';

/** A host that was cut off is noticed after (missed + 1) intervals: 12 s. */
const KEEPALIVE = { intervalMs: 4_000, missed: 2 };

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
  const [{ NodeSSH }, identities, socket] = await Promise.all([
    import('node-ssh'),
    findIdentities({
      user,
      identityFiles,
      agent,
      identitiesOnly: settings.identitiesOnly,
      askPassphrase: options.askPassphrase,
    }),
    dial({ host: target.name, ...target, timeoutMs: target.connectTimeoutMs, signal: options.signal }),
  ]);
  const client = await logIn(new NodeSSH(), socket, target, options, identities);
  return new SshConnection(target, client, socket);
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

async function logIn(
  ssh: NodeSSH,
  socket: Socket,
  target: Target,
  options: ConnectOptions,
  identities: Identities,
): Promise<Client> {
  const { knownHosts, signal, keepalive = KEEPALIVE } = options;
  const known = knownHosts.keysOf(target.address, target.port);
  let refused: { key: Buffer; verdict: Verdict } | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    const verdict = judgeHostKey(key, target.hostKeys, knownHosts.keysOf(target.address, target.port));
    if (verdict.trust === 'mismatch') refused = { key, verdict };
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
      algorithms: {
        serverHostKey: hostKeyAlgorithms(known),
        // AES-GCM runs in the processor and in Node's own crypto; the rest is for servers that lack it.
        cipher: [
          'aes128-gcm@openssh.com',
          'aes256-gcm@openssh.com',
          'chacha20-poly1305@openssh.com',
          'aes128-ctr',
          'aes192-ctr',
          'aes256-ctr',
        ],
      },
    });
    if (!ssh.connection) throw new Error('the connection was closed');
    return ssh.connection;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw new InterruptedError(`interrupted while ${target.name} was connected`, { host: target.name });
    if (refused) throw keyMismatch(target, knownHosts, refused.key, refused.verdict);
    throw loginError(target, identities, error as Error & { level?: string });
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

function keyMismatch({ name, address, port }: Target, knownHosts: KnownHosts, key: Buffer, verdict: Verdict): PermissionError {
  const expected = verdict.trust === 'mismatch' ? verdict.expected.join(' or ') : '';
  const isPinned = verdict.trust === 'mismatch' && verdict.source === 'pinned';
  const where = isPinned ? 'the inventory (hostKey)' : knownHosts.path;
  return new PermissionError(`${name} at ${address}:${port} does not have the host key that we know`, {
    host: name,
    output: `offered:  ${fingerprint(key)} (${keyType(key)})\nexpected: ${expected} (${where})`,
    hint: isPinned
      ? 'if the machine was installed anew, put its new fingerprint into hosts.yaml; else somebody is in between'
      : `if the machine was installed anew: ssh-keygen -R '${port === 22 ? address : `[${address}]:${port}`}' -f ${knownHosts.path}; else somebody is in between`,
  });
}

function loginError(target: Target, { tried, unusable }: Identities, error: Error & { level?: string }): Error {
  const { name, user, address, port } = target;
  if (error.level === 'client-authentication') {
    return new PermissionError(`${name} does not let ${user} in (${user}@${address}:${port})`, {
      host: name,
      output: [...tried.map((what) => `tried ${what}`), ...unusable].join('\n') || 'there was no key to try, and no agent',
      hint: `add a key of yours to ~${user}/.ssh/authorized_keys on ${name}, or name the right user or key in hosts.yaml`,
      cause: error,
    });
  }
  return new HostLostError(`lost ${name} at ${address}:${port} while logging in: ${error.message}`, {
    host: name,
    hint: 'is an SSH server listening there, and the machine not just booting or shutting down?',
    cause: error,
  });
}
