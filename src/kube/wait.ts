import { setTimeout as delay } from 'node:timers/promises';
import { ApiUnavailableError, InterruptedError, PiclusterError, TimeoutError } from '#src/errors.ts';
import { KubeError } from './errors.ts';

export interface WaitOptions {
  /** For messages: `Deployment flux-system/source-controller to be available`. */
  what: string;
  timeoutMs: number;
  /** Pause between two checks. Default 1 s. */
  everyMs?: number;
  signal: AbortSignal;
  /** What was seen last, for the person who has to find out why: conditions, events, logs. */
  explain(): Promise<string> | string;
  hint?: string;
}

const EXPLAIN_LIMIT_MS = 20_000;

/**
 * Asks until `check` gives something. An API that is away or overloaded for a while is waited for, too.
 * Throws TimeoutError with the explanation as its `output`, InterruptedError on abort, and at once whatever else `check` throws.
 */
export async function waitFor<T>(check: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const { what, timeoutMs, everyMs = 1000, signal } = options;
  const deadline = performance.now() + timeoutMs;
  let trouble: string | undefined;
  while (true) {
    if (signal.aborted) throw interrupted(what, signal);
    try {
      const found = await check();
      if (found !== undefined) return found;
      trouble = undefined;
    } catch (error) {
      if (!isPassing(error)) throw error;
      trouble = error.message;
    }
    const left = deadline - performance.now();
    if (left <= 0) throw await timedOut(options, trouble);
    await delay(Math.min(everyMs, left), undefined, { signal }).catch(() => {});
  }
}

/** Errors that a cluster in the making shows for a while. */
const isPassing = (error: unknown): error is PiclusterError =>
  error instanceof ApiUnavailableError || (error instanceof KubeError && (error.status === 429 || error.status >= 500));

function interrupted(what: string, signal: AbortSignal): PiclusterError {
  return signal.reason instanceof PiclusterError ? signal.reason : new InterruptedError(`interrupted while waiting for ${what}`);
}

async function timedOut(options: WaitOptions, trouble: string | undefined): Promise<TimeoutError> {
  const { what, timeoutMs, hint } = options;
  const seen = await Promise.race([
    Promise.resolve(options.explain()).catch((error: Error) => `no explanation: ${error.message}`),
    delay(EXPLAIN_LIMIT_MS, 'no explanation: the API does not answer', { ref: false }),
  ]);
  const output = [trouble, seen].filter(Boolean).join('\n');
  const seconds = Math.round(timeoutMs / 1000);
  return new TimeoutError(`waited ${seconds} s in vain for ${what}`, { output, ...(hint ? { hint } : {}) });
}
