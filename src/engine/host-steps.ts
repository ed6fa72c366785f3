import type { PiclusterError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Board, Outcome } from './board.ts';
import { toEventError } from './event-error.ts';
import type { Emit, StepStatus } from './events.ts';
import type { Step } from './graph.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';
import type { Open } from './stretch.ts';

export interface OutcomeDetails {
  readonly change?: Change | undefined;
  readonly durationMs?: number | undefined;
  readonly error?: PiclusterError | undefined;
  readonly reason?: string | undefined;
}

/** The steps of one host that are still to come, and the way in which each ends: once, told, and put on the board. */
export class HostSteps {
  readonly #host: string;
  readonly #board: Board;
  readonly #emit: Emit;
  #unsettled: readonly Step[];
  /** Begun, and still watched. */
  readonly #watched = new Set<StepRef>();
  /** Done while a step before them is watched: told, and kept from those who wait for them. */
  readonly #held = new Map<StepRef, Outcome>();

  constructor(host: string, steps: readonly Step[], { board, emit }: { board: Board; emit: Emit }) {
    this.#host = host;
    this.#board = board;
    this.#emit = emit;
    this.#unsettled = steps;
  }

  /** In the order in which they run; also those that are watched, and what was done meanwhile. */
  get unsettled(): readonly Step[] {
    return this.#unsettled.filter(({ ref }) => !this.#board.has(ref));
  }

  /** What is to be done yet, in the order in which it runs. */
  get pending(): readonly Step[] {
    return this.unsettled.filter(({ ref }) => !this.#watched.has(ref) && !this.#held.has(ref));
  }

  get pendingResources(): ResourceStep[] {
    return this.pending.filter(isResourceStep);
  }

  get open(): Open {
    return { watched: this.#watched, held: new Set(this.#held.keys()) };
  }

  watch({ ref }: Step): void {
    this.#watched.add(ref);
  }

  /** It has its outcome now, or is to be done again. */
  unwatch({ ref }: Step): void {
    this.#watched.delete(ref);
  }

  /** A second outcome of the same step is not heard. */
  settle(step: Step, status: StepStatus, { change, durationMs = 0, error, reason }: OutcomeDetails = {}): void {
    if (this.#board.has(step.ref) || this.#held.has(step.ref)) return;
    const { ref, title } = step;
    const failure = error && toEventError(error);
    this.#emit({ type: 'step.end', host: this.#host, step: ref, title, status, change, durationMs, error: failure, reason });
    const outcome = { status, ...(reason ? { reason } : {}), ...(error ? { code: error.code } : {}) };
    const isBehind = step.after.some((before) => this.#watched.has(before) || this.#held.has(before));
    if (isBehind && status !== 'failed' && status !== 'not-reached') this.#held.set(ref, outcome);
    else this.#board.settle(ref, outcome);
  }

  /** Puts on the board what was held for steps that have their outcome now. Returns those behind one that did not end well. */
  release(): StepRef[] {
    const behind: StepRef[] = [];
    for (const step of this.unsettled) {
      const outcome = this.#held.get(step.ref);
      if (!outcome || !step.after.every((ref) => this.#board.has(ref))) continue;
      const bad = step.after.find((ref) => this.#board.refusal(ref) !== undefined);
      if (bad && outcome.status === 'changed') behind.push(step.ref);
      this.#held.delete(step.ref);
      this.#board.settle(step.ref, { ...outcome, ...(bad ? { behind: bad } : {}) });
    }
    return behind;
  }

  settleRest(reason: string): void {
    for (const step of this.pending) this.settle(step, 'not-reached', { reason });
  }

  /** The steps that have ended since it was asked last; they are pending no longer. */
  takeEnded(): Step[] {
    const ended = this.#unsettled.filter(({ ref }) => this.#board.has(ref));
    this.#unsettled = this.unsettled;
    return ended;
  }

  endedWell(ref: StepRef): boolean {
    const status = this.#board.outcome(ref)?.status;
    return (status === 'changed' || status === 'unchanged' || status === 'skipped') && this.#board.refusal(ref) === undefined;
  }
}
