import { setTimeout as sleep } from 'node:timers/promises';
import { ApiUnavailableError, TimeoutError } from '#src/errors.ts';
import { KubeError } from '#src/kube/errors.ts';

export interface PollOptions {
  /** What is waited for, as in "n2 is Ready". */
  readonly what: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly host: string;
  /** What to do next when it did not come true. */
  readonly hint: string;
  readonly intervalMs?: number;
}

/** What one look saw: `undefined` when all is well, else the reason why not yet. */
export type Look = () => Promise<string | undefined>;

/**
 * Looks every second until nothing is in the way any more. An API that cannot be reached, or is starting, is a reason to look again.
 * Throws TimeoutError with the last reason and what `explain` finds out then; other errors pass.
 */
export async function poll(options: PollOptions, look: Look, explain: () => Promise<string> = async () => ''): Promise<void> {
  const { what, timeoutSeconds, signal, host, hint, intervalMs = 1000 } = options;
  const endsAt = performance.now() + timeoutSeconds * 1000;
  let reason: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    reason = await look().catch(reasonToWait);
    if (reason === undefined) return;
    if (performance.now() + intervalMs > endsAt) break;
    await sleep(intervalMs, undefined, { signal });
  }
  const seen = await explain().catch(() => '');
  throw new TimeoutError(`waited ${timeoutSeconds} s until ${what}: ${reason}`, { host, hint, output: seen });
}

function reasonToWait(error: unknown): string {
  if (error instanceof ApiUnavailableError) return error.message;
  if (error instanceof KubeError && error.status >= 500) return error.message;
  throw error;
}
