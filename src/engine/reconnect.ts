import { setTimeout as sleep } from 'node:timers/promises';
import {
  HostBusyError,
  HostKeyError,
  HostLostError,
  InterruptedError,
  PermissionError,
  type PiclusterError,
} from '#src/errors.ts';
import type { Emit } from './events.ts';
import type { Turns } from './turns.ts';

/** A host that is back is given the time of one step to end what the lost shell had begun. */
const BUSY_MS = 330_000;
/** A try that has begun may end, however late it began. */
const MIN_TRY_MS = 10_000;
const MAX_PAUSE_MS = 30_000;

export interface ReconnectOptions<T> {
  readonly host: string;
  /** What ended the connection. */
  readonly loss: HostLostError;
  /** One try: connect, become root, lock, facts. */
  open(signal: AbortSignal): Promise<T>;
  readonly withinMs: number;
  /** Hosts that were lost together do not come back all at once: a try waits for its turn, and that does not count. */
  readonly turns?: Pick<Turns, 'take'> | undefined;
  /** Longest pause between two attempts. */
  readonly maxPauseMs?: number;
  /** For tests. */
  readonly clock?: Clock;
  readonly emit: Emit;
  /** The first ends the waiting, the second what is under way, too. */
  readonly draining: AbortSignal;
  readonly signal: AbortSignal;
}

/** Milliseconds. A pause ends early, and well, when the signal is aborted. */
export interface Clock {
  now(): number;
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
};

export interface Reconnected<T> {
  readonly opened: T;
  readonly attempts: number;
  readonly durationMs: number;
}

/** 1 s, 2 s, 4 s, ... at most 30 s. */
export const pauseBefore = (attempt: number, atMostMs = MAX_PAUSE_MS): number => Math.min(1000 * 2 ** (attempt - 1), atMostMs);

/**
 * Connects again with growing pauses. Throws HostLostError naming attempts and time once the bound is reached, InterruptedError when the
 * run is, and at once what another try cannot mend: another host key, a lock of another run.
 */
export async function reconnect<T>(options: ReconnectOptions<T>): Promise<Reconnected<T>> {
  const { host, loss, open, withinMs, turns, clock = realClock, emit, draining, signal } = options;
  const startedAt = clock.now();
  let inLineMs = 0;
  const stop = AbortSignal.any([signal, draining]);
  let last: PiclusterError = loss;
  for (let attempt = 1; ; attempt++) {
    const spent = clock.now() - startedAt - inLineMs;
    const left = (last instanceof HostBusyError ? BUSY_MS : withinMs) - spent;
    if (left <= 0) throw notBack(options, last, attempt - 1, spent);
    const pauseMs = Math.min(pauseBefore(attempt, options.maxPauseMs), left);
    emit({ type: 'host.reconnecting', host, attempt, pauseMs, reason: last.message });
    await clock.pause(pauseMs, stop);
    const inLineSince = clock.now();
    const leave = await turns?.take(stop).catch(() => undefined);
    inLineMs += clock.now() - inLineSince;
    if (stop.aborted) {
      leave?.();
      throw interrupted(host);
    }
    const bound = AbortSignal.timeout(Math.ceil(Math.max(left - pauseMs, MIN_TRY_MS)));
    try {
      const opened = await open(AbortSignal.any([stop, bound]));
      return { opened, attempts: attempt, durationMs: clock.now() - startedAt };
    } catch (error) {
      if (stop.aborted) throw interrupted(host);
      last = passing(error, bound, host);
    } finally {
      leave?.();
    }
  }
}

const interrupted = (host: string): InterruptedError =>
  new InterruptedError(`interrupted while waiting for ${host} to come back`, { host });

/** The error if another try may end otherwise; throws it if not. */
function passing(error: unknown, bound: AbortSignal, host: string): PiclusterError {
  if (error instanceof HostLostError) return error;
  if (error instanceof InterruptedError && bound.aborted) return new HostLostError(`${host} did not answer in time`, { host });
  // A machine that boots refuses every user but root for a while (pam_nologin). A machine with another key is another machine.
  if (error instanceof PermissionError && !(error instanceof HostKeyError)) return error;
  throw error;
}

function notBack(
  { host, loss }: Pick<ReconnectOptions<unknown>, 'host' | 'loss'>,
  last: PiclusterError,
  attempts: number,
  spentMs: number,
): HostLostError {
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${Math.round(spentMs / 1000)} s did not bring it back`;
  return new HostLostError(`${loss.message}; ${tries}${last === loss ? '' : ` (${last.message})`}`, {
    host,
    ...(loss.step === undefined ? {} : { step: loss.step }),
    ...(last.output === undefined ? {} : { output: last.output }),
    hint:
      last instanceof HostBusyError && last.hint
        ? last.hint
        : 'is it up? look at its power, network and console; then run the same command again',
    cause: last,
  });
}
