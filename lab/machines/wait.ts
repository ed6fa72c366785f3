import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError, TimeoutError } from '#src/errors.ts';

export interface WaitOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until it is given up. */
  timeout: number;
  interval?: number;
  host?: string;
  /** What is known when it did not come true: the tail of a console, the last error. */
  explain?(): Promise<string> | string;
  hint?: string;
}

/** Asks `check` until it gives something else than undefined or false. Throws TimeoutError that says what was seen last. */
export async function waitFor<T>(what: string, check: () => Promise<T | undefined | false>, options: WaitOptions): Promise<T> {
  const end = Date.now() + options.timeout;
  for (;;) {
    if (options.signal?.aborted) throw new InterruptedError(`interrupted while waiting: ${what}`);
    const answer = await check();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() >= end) break;
    await sleep(options.interval ?? 100);
  }
  const output = await options.explain?.();
  throw new TimeoutError(`${what}: not within ${Math.round(options.timeout / 1000)} s`, {
    ...(options.host && { host: options.host }),
    ...(output && { output }),
    ...(options.hint && { hint: options.hint }),
  });
}
