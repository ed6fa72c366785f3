import type { Duplex } from 'node:stream';
import { showEndpoint } from '#src/endpoint.ts';
import { HostLostError, InterruptedError, PermissionError, type PiclusterError } from '#src/errors.ts';
import type { Target } from './connection.ts';
import type { DialOptions } from './dial.ts';
import type { SshConnection } from './ssh-connection.ts';
import { Tunnel } from './tunnel.ts';

/** sshd takes any number of forwards over a connection (MaxSessions counts shells only), Dropbear some hundreds. */
const MAX_BEHIND_ONE = 100;

/** A connection to a jump host, being made or made. */
interface Shared {
  readonly connection: Promise<SshConnection>;
  readonly stop: AbortController;
  users: number;
}

type ConnectJump = (jump: Target, signal: AbortSignal) => Promise<SshConnection>;

/** The jump hosts of a run: one connection to each, shared by all that are behind it, closed with the last of them. */
export class JumpHosts {
  readonly #shared = new Map<string, Shared[]>();

  /**
   * A TCP connection that comes out of the jump host. Errors are those of the jump host, told as the target's: HostLostError (69),
   * PermissionError (77), InterruptedError (130).
   */
  async dial(jump: Target, to: DialOptions, connect: ConnectJump): Promise<Tunnel> {
    const shared = this.#take(jump, connect);
    try {
      const connection = await untilAborted(shared.connection, to).catch((error) => Promise.reject(behind(to.host, jump, error)));
      const stream = await openStream(connection, jump, to);
      return new Tunnel(stream, () => this.#release(jump, shared));
    } catch (error) {
      void this.#release(jump, shared);
      throw error;
    }
  }

  #take(jump: Target, connect: ConnectJump): Shared {
    const all = this.#shared.get(keyOf(jump)) ?? [];
    const free = all.find(({ users }) => users < MAX_BEHIND_ONE);
    if (free) {
      free.users += 1;
      return free;
    }
    const stop = new AbortController();
    const made: Shared = { connection: connect(jump, stop.signal), stop, users: 1 };
    this.#shared.set(keyOf(jump), [...all, made]);
    // One that is lost, or never came to be, is nothing to share: who comes next makes a new one.
    made.connection.then(
      ({ lost }) => lost.then(() => this.#forget(jump, made)),
      () => this.#forget(jump, made),
    );
    return made;
  }

  #forget(jump: Target, gone: Shared): void {
    const left = (this.#shared.get(keyOf(jump)) ?? []).filter((shared) => shared !== gone);
    if (left.length > 0) this.#shared.set(keyOf(jump), left);
    else this.#shared.delete(keyOf(jump));
  }

  async #release(jump: Target, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#forget(jump, shared);
    shared.stop.abort();
    await shared.connection.then(
      (connection) => connection.close(),
      () => {},
    );
  }
}

/** The same for targets that can share a connection. */
export function keyOf({ user, address, port, identityFiles, hostKeys, jump }: Target): string {
  const way = jump === undefined || jump === 'none' ? jump : keyOf(jump);
  return JSON.stringify([user, address, port, identityFiles, hostKeys, way]);
}

/** Others may still wait for what this one no longer waits for. */
async function untilAborted<T>(work: Promise<T>, { host, signal }: DialOptions): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new InterruptedError(`interrupted while ${host} was connected`, { host }));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function openStream(connection: SshConnection, jump: Target, to: DialOptions): Promise<Duplex> {
  const { host, address, port, timeoutMs } = to;
  const unreachable = (why: string, hint: string, cause?: unknown): HostLostError =>
    new HostLostError(`cannot reach ${host} at ${showEndpoint(address, port)} through ${jump.name}: ${why}`, {
      host,
      hint,
      cause,
    });
  const stream = connection.stream(address, port);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(unreachable(`no answer within ${timeoutMs / 1000} s`, `is it powered on, and can ${jump.name} reach it?`)),
    timeoutMs,
  );
  try {
    return await untilAborted(Promise.race([stream, late]), to);
  } catch (error) {
    // What is opened after all, nobody wants.
    stream.then(
      (opened) => opened.destroy(),
      () => {},
    );
    if (error instanceof HostLostError && error.host === host) throw error;
    if (error instanceof HostLostError) throw behind(host, jump, error);
    if (error instanceof InterruptedError) throw error;
    const { reason, message } = error as Error & { reason?: number };
    const said = message.replace('(SSH) Channel open failure: ', '');
    throw unreachable(said, streamHint(reason, jump.name, host), error);
  } finally {
    clearTimeout(timer);
  }
}

/** By the reasons of RFC 4254, 5.1. */
const streamHint = (reason: number | undefined, jump: string, host: string): string =>
  reason === 1
    ? `${jump} forbids forwarding: see AllowTcpForwarding and PermitOpen in its sshd_config, and the key's options in authorized_keys`
    : `the address counts as ${jump} sees it: is ${host} powered on, and is there a route to it from there?`;

/** What happened at a jump host, as it matters for the one behind it. */
function behind(host: string, jump: Target, error: unknown): unknown {
  if (!(error instanceof HostLostError || error instanceof PermissionError)) return error;
  const Same = error.constructor as new (message: string, details: object) => PiclusterError;
  const { message, output, hint } = error;
  return new Same(`${host} is behind ${jump.name}: ${message}`, { host, output, hint, cause: error });
}
