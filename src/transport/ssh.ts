import { homedir, userInfo } from 'node:os';
import type { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthHandlerMiddleware, CipherAlgorithm, Client } from 'ssh2';
import { parseEndpoint } from '#src/endpoint.ts';
import { ConfigError, InterruptedError } from '#src/errors.ts';
import type { Target } from './connection.ts';
import { dial } from './dial.ts';
import { fingerprint, type HostKeyAlgorithm, hostKeyAlgorithms, judgeHostKey, keyType, withoutType } from './host-key.ts';
import { findIdentities, type Identities } from './identities.ts';
import { JumpHosts, keyOf } from './jump-hosts.ts';
import type { KnownHosts } from './known-hosts.ts';
import { keyMismatch, loginError, type RefusedKeys } from './login-errors.ts';
import { PrivateKeys } from './private-keys.ts';
import { type SshSettings, sshSettings } from './ssh-config.ts';
import { parseSshConfig, readSshConfig, type SshConfig } from './ssh-config-file.ts';
import { SshConnection } from './ssh-connection.ts';
import type { Wire } from './tunnel.ts';

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
  /** Shared by all connections of a run; default: read anew, and nobody is asked for a passphrase. */
  keys?: PrivateKeys;
  /** The operator's ssh_config, or its text; default: ~/.ssh/config, read for this connection. */
  sshConfig?: string | SshConfig;
  /** Shared by all connections of a run; default: for this one alone. */
  jumps?: JumpHosts;
  /** How often the host is asked whether it is there, and how many answers may be missing. Default: 4 s, 2. */
  keepalive?: { intervalMs: number; missed: number };
  /** Said aloud: what of ssh_config matters for this host and is not followed. */
  onWarning?(text: string): void;
}

/**
 * Logs in to a host, through its jump hosts if it has some. Throws HostLostError (69) when it cannot be reached, PermissionError (77) when its key is not the expected one
 * (before anything was offered to it) or it refuses the login, InterruptedError (130). On failure nothing stays open.
 */
export function connect(wanted: Target, options: ConnectOptions): Promise<SshConnection> {
  return connectAlong(wanted, { ...options, jumps: options.jumps ?? new JumpHosts() }, []);
}

type Options = ConnectOptions & { jumps: JumpHosts };

/** `chain`: those that are to be reached through this one. */
async function connectAlong(wanted: Target, options: Options, chain: readonly Target[]): Promise<SshConnection> {
  const { target, settings } = await withSshConfig(wanted, options, chain);
  const agent = options.agent === undefined ? process.env.SSH_AUTH_SOCK || undefined : (options.agent ?? undefined);
  const { user, identityFiles } = target;
  const { identitiesOnly } = settings;
  const { keys = new PrivateKeys(), knownHosts } = options;
  const identities = await findIdentities({ user, identityFiles, agent, identitiesOnly, keys });
  // A host has keys of several types, and a fingerprint does not say of which: with pinned ones, each type gets its chance.
  let refused: RefusedKeys | undefined;
  let algorithms = hostKeyAlgorithms(knownHosts.keysOf(target.address, target.port));
  for (;;) {
    const [{ NodeSSH }, wire] = await Promise.all([import('node-ssh'), reach(target, options, [wanted, ...chain])]);
    const outcome = await logIn(new NodeSSH(), { target, options, identities, algorithms, wire });
    if ('client' in outcome) return new SshConnection(target, outcome.client, wire);
    const { error, mismatch } = outcome;
    if (!mismatch) throw refused ? keyMismatch(target, knownHosts, refused) : error;
    refused = { ...mismatch, keys: [...(refused?.keys ?? []), ...mismatch.keys] };
    algorithms = withoutType(algorithms, mismatch.keys);
    if (mismatch.source === 'known' || algorithms.length === 0) throw keyMismatch(target, knownHosts, refused);
  }
}

/** No key has it: each is refused, and so nobody logs in. */
const NO_FINGERPRINT = '';

/** The host key that a host shows now, and the target that it was asked at. Its jump hosts are logged in to. Errors as of `connect`. */
export async function offeredKey(wanted: Target, given: ConnectOptions): Promise<{ target: Target; key: Buffer }> {
  const options = { ...given, jumps: given.jumps ?? new JumpHosts() };
  const { target } = await withSshConfig(wanted, options, []);
  const [{ NodeSSH }, wire] = await Promise.all([import('node-ssh'), reach(target, options, [wanted])]);
  const outcome = await logIn(new NodeSSH(), {
    target: { ...target, hostKeys: [NO_FINGERPRINT] },
    options,
    identities: { methods: [], tried: [], unusable: [], locked: [] },
    algorithms: hostKeyAlgorithms(options.knownHosts.keysOf(target.address, target.port)),
    wire,
  });
  if ('client' in outcome) throw new TypeError('a refused key let us in');
  const [key] = outcome.mismatch?.keys ?? [];
  if (!key) throw outcome.error;
  return { target, key };
}

/** The inventory wins; what it leaves open (no user, the usual port, no identity file) is for ssh_config to say. */
async function withSshConfig(
  wanted: Target,
  options: ConnectOptions,
  chain: readonly Target[],
): Promise<{ target: Target; settings: SshSettings }> {
  const { sshConfig = await readSshConfig() } = options;
  const config = typeof sshConfig === 'string' ? parseSshConfig(sshConfig) : sshConfig;
  const settings = sshSettings(config, wanted.address, homedir());
  if (settings.unsupported.length > 0) {
    options.onWarning?.(`${wanted.name}: not followed in your ssh_config: ${settings.unsupported.join(', ')}`);
  }
  const target: Target = {
    ...resolveTarget(wanted, config),
    identityFiles: identityFiles(wanted, settings, chain.length > 0),
    jump: wanted.jump ?? jumpOf(wanted, settings),
  };
  return { target, settings };
}

/** Address, port and user as they are dialled. Pure, but for who we are. */
export function resolveTarget(wanted: Target, config: SshConfig): Target {
  const settings = sshSettings(config, wanted.address, homedir());
  return {
    ...wanted,
    address: settings.hostName ?? wanted.address,
    port: wanted.port === 22 ? (settings.port ?? 22) : wanted.port,
    user: wanted.user || settings.user || userInfo().username,
  };
}

/** A jump host may be somebody else's machine: what ssh_config names for it goes first, then the keys of the cluster. */
function identityFiles(wanted: Target, settings: SshSettings, isJump: boolean): readonly string[] {
  if (isJump) return [...new Set([...settings.identityFiles, ...wanted.identityFiles])];
  return wanted.identityFiles.length > 0 ? wanted.identityFiles : settings.identityFiles;
}

/** The way that ssh_config names. Throws ConfigError when it is a command. */
function jumpOf({ name, connectTimeoutMs }: Target, { proxyJump = [], proxyCommand }: SshSettings): Target | 'none' {
  if (proxyCommand !== undefined)
    throw new ConfigError(
      `your ssh_config reaches ${name} by a ProxyCommand (${proxyCommand}), which picluster does not run`,
      [],
      {
        host: name,
        hint: `use ProxyJump there, or say "jump" in hosts.yaml: the hosts on the way, or none`,
      },
    );
  const become = { method: 'none' } as const;
  return proxyJump.reduce<Target | 'none'>((before, word) => {
    const { address = word, port = 22, user = '' } = parseEndpoint(word) ?? {};
    const hop = { name: word, address, port, user, become, hostKeys: [], identityFiles: [], connectTimeoutMs };
    // The first may have a ProxyJump of its own.
    return before === 'none' ? hop : { ...hop, jump: before };
  }, 'none');
}

/** A stream to the host's SSH server, directly or through its jump host. */
function reach(target: Target, options: Options, chain: readonly Target[]): Promise<Wire> {
  const { name, address, port, jump, connectTimeoutMs } = target;
  const to = { host: name, address, port, timeoutMs: connectTimeoutMs, signal: options.signal };
  if (jump === undefined || jump === 'none') return dial(to);
  if (chain.some((other) => keyOf(other) === keyOf(jump))) {
    const circle = [jump, ...chain].map((each) => each.name);
    throw new ConfigError(`your ssh_config leads in a circle: ${circle.join(' is before ')}`, [], {
      host: chain.at(-1)?.name ?? name,
      hint: 'correct ProxyJump there',
    });
  }
  return options.jumps.dial(jump, to, (wanted, signal) => connectAlong(wanted, { ...options, signal }, chain));
}

interface Login {
  target: Target;
  options: ConnectOptions;
  identities: Identities;
  algorithms: HostKeyAlgorithm[];
  wire: Wire;
}

type LoginOutcome = { client: Client } | { error: Error; mismatch: RefusedKeys | undefined };

/** One handshake. Throws InterruptedError only; on failure the socket is closed. */
async function logIn(ssh: NodeSSH, { target, options, identities, algorithms, wire }: Login): Promise<LoginOutcome> {
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
    wire.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await ssh.connect({
      sock: wire,
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
    wire.destroy();
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
