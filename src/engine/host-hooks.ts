import { HookFailedError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { Board } from './board.ts';
import { toEventError } from './event-error.ts';
import type { Emit } from './events.ts';
import type { Step } from './graph.ts';
import type { HostSteps } from './host-steps.ts';
import { asStepError } from './step-error.ts';
import type { StepHooks } from './step-hooks.ts';

export interface HostHooksOptions {
  readonly host: string;
  readonly hooks: StepHooks | undefined;
  readonly steps: HostSteps;
  readonly board: Board;
  readonly emit: Emit;
  /** Errors that are no word of a hook: the host is lost, the run is stopped. */
  isFatal(error: unknown): boolean;
}

/** What the operator runs around the steps of one host, and what becomes of the steps when it says no. */
export class HostHooks {
  readonly #options: HostHooksOptions;

  constructor(options: HostHooksOptions) {
    this.#options = options;
  }

  isAround(step: Step): boolean {
    return this.#options.hooks?.isAround(step) ?? false;
  }

  /** Runs what is put before a step. False: it said no, and the step has failed with it. */
  async before(step: Step, change: Change): Promise<boolean> {
    if (!this.isAround(step)) return true;
    try {
      await this.#options.hooks?.before(step, change);
      return true;
    } catch (error) {
      if (this.#options.isFatal(error)) throw error;
      this.#options.steps.settle(step, 'failed', { change, error: asStepError(error, step) });
      return false;
    }
  }

  /** Runs what comes after steps and roles that have just ended. When it says no, nothing more is done on this host. */
  async after(ended: readonly Step[]): Promise<void> {
    const { hooks, steps, board, emit, host } = this.#options;
    try {
      await hooks?.after(
        ended.map((step) => ({ step, status: board.outcome(step.ref)?.status ?? 'not-reached' })),
        steps.unsettled,
      );
    } catch (error) {
      if (!(error instanceof HookFailedError)) throw error;
      const ref = error.step ?? `hook@${host}`;
      emit({ type: 'step.end', host, step: ref, title: 'hook', status: 'failed', durationMs: 0, error: toEventError(error) });
      board.settle(ref, { status: 'failed', code: error.code });
      steps.settleRest(error.message);
    }
  }
}
