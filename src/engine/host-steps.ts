import type { PiclusterError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Board } from './board.ts';
import { toEventError } from './event-error.ts';
import type { Emit, StepStatus } from './events.ts';
import type { Step } from './graph.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';

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
  #pending: readonly Step[];

  constructor(host: string, steps: readonly Step[], { board, emit }: { board: Board; emit: Emit }) {
    this.#host = host;
    this.#board = board;
    this.#emit = emit;
    this.#pending = steps;
  }

  /** In the order in which they run. */
  get pending(): readonly Step[] {
    return this.#pending;
  }

  get pendingResources(): ResourceStep[] {
    return this.#pending.filter(isResourceStep);
  }

  /** A second outcome of the same step is not heard. */
  settle(step: Step, status: StepStatus, { change, durationMs = 0, error, reason }: OutcomeDetails = {}): void {
    if (this.#board.has(step.ref)) return;
    const { ref, title } = step;
    const failure = error && toEventError(error);
    this.#emit({ type: 'step.end', host: this.#host, step: ref, title, status, change, durationMs, error: failure, reason });
    this.#board.settle(ref, { status, ...(reason ? { reason } : {}), ...(error ? { code: error.code } : {}) });
  }

  settleRest(reason: string): void {
    for (const step of this.#pending) this.settle(step, 'not-reached', { reason });
  }

  /** The steps that have ended since it was asked last; they are pending no longer. */
  takeEnded(): Step[] {
    const ended = this.#pending.filter(({ ref }) => this.#board.has(ref));
    this.#pending = this.#pending.filter(({ ref }) => !this.#board.has(ref));
    return ended;
  }

  endedWell(ref: StepRef): boolean {
    const status = this.#board.outcome(ref)?.status;
    return status === 'changed' || status === 'unchanged' || status === 'skipped';
  }
}
