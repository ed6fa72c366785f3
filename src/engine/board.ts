import type { StepRef } from '#src/role/step.ts';
import type { StepStatus } from './events.ts';
import type { Step } from './graph.ts';

/** How a step ended, for those who wait for it. */
export interface Outcome {
  status: StepStatus;
  reason?: string;
  /** Code of the error it failed with: `E_HOST_LOST`. */
  code?: string;
  /** It was done while this step before it was still watched, and that did not end well: nobody goes on from it. */
  behind?: StepRef;
}

/** Whether a step may start, and if it never will: why. */
export type Clearance = { go: true } | { go: false; reason: string };

/** Where all steps of a run stand: hosts wait here for steps of other hosts, and for their turn in a pool. */
export class Board {
  readonly #outcomes = new Map<StepRef, Outcome>();
  readonly #waiters = new Map<StepRef, (() => void)[]>();
  readonly #pools = new Map<string, Pool>();

  outcome(ref: StepRef): Outcome | undefined {
    return this.#outcomes.get(ref);
  }

  has(ref: StepRef): boolean {
    return this.#outcomes.has(ref);
  }

  settle(ref: StepRef, outcome: Outcome): void {
    if (this.#outcomes.has(ref)) return;
    this.#outcomes.set(ref, outcome);
    for (const wake of this.#waiters.get(ref) ?? []) wake();
    this.#waiters.delete(ref);
  }

  count(status: StepStatus): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome.status === status).length;
  }

  /** Codes of all failures. */
  get failureCodes(): Set<string> {
    return new Set([...this.#outcomes.values()].flatMap(({ status, code }) => (status === 'failed' ? [code ?? 'E_STEP'] : [])));
  }

  hasChanged(ref: StepRef): boolean {
    return this.#outcomes.get(ref)?.status === 'changed';
  }

  /** Resolves once every step that this one waits for has ended; rejects with the signal's reason. */
  async clearance(step: Pick<Step, 'after'>, signal: AbortSignal): Promise<Clearance> {
    for (const ref of step.after) {
      await this.#ended(ref, signal);
      const reason = this.refusal(ref);
      if (reason !== undefined) return { go: false, reason };
    }
    return { go: true };
  }

  /** Why nobody goes on from this step; undefined when it ended well, or has not ended. */
  refusal(ref: StepRef): string | undefined {
    const outcome = this.#outcomes.get(ref);
    if (outcome?.behind !== undefined) return this.refusal(outcome.behind);
    if (outcome?.status === 'failed') return `${ref} failed`;
    return outcome?.status === 'not-reached' ? `${ref} was not reached` : undefined;
  }

  /** The first predecessor that has not ended yet. */
  awaited(step: Pick<Step, 'after'>): StepRef | undefined {
    return step.after.find((ref) => !this.#outcomes.has(ref));
  }

  #ended(ref: StepRef, signal: AbortSignal): Promise<void> {
    if (this.#outcomes.has(ref)) return Promise.resolve();
    const ended = new Promise<void>((resolve) => {
      this.#waiters.set(ref, [...(this.#waiters.get(ref) ?? []), resolve]);
    });
    return untilAborted(ended, signal);
  }

  /** Would one have to wait for a turn. */
  isTaken(pool: string): boolean {
    return (this.#pools.get(pool)?.inLine ?? 0) > 0;
  }

  /**
   * Waits for this host's turn in a pool: one host at a time, in the order of asking. A pool that a failure has closed lets nobody in any more.
   * Whoever got in must call `release`, saying whether it failed.
   */
  async enter(name: string, signal: AbortSignal): Promise<PoolTurn> {
    const pool = this.#pools.get(name) ?? { last: Promise.resolve(), closedBy: undefined, inLine: 0 };
    this.#pools.set(name, pool);
    const before = pool.last;
    pool.inLine += 1;
    let leave = (): void => {};
    pool.last = new Promise<void>((resolve) => {
      leave = resolve;
    }).then(() => {
      pool.inLine -= 1;
    });
    await untilAborted(before, signal).catch((error) => {
      void before.then(leave);
      throw error;
    });
    if (pool.closedBy) {
      leave();
      return { go: false, reason: `${pool.closedBy} failed, and ${name} is done one by one` };
    }
    return {
      go: true,
      release(failed) {
        pool.closedBy = failed ?? pool.closedBy;
        leave();
      },
    };
  }
}

export type PoolTurn = { go: false; reason: string } | { go: true; release(failed?: StepRef): void };

interface Pool {
  last: Promise<void>;
  closedBy: StepRef | undefined;
  /** Who is in or waits. */
  inLine: number;
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, reject);
  });
}
