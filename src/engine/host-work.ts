import { InterruptedError } from '#src/errors.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { StepRef } from '#src/role/step.ts';
import type { ApplyOptions } from './apply-stretch.ts';
import type { Board } from './board.ts';
import type { Emit } from './events.ts';
import type { Graph, Step } from './graph.ts';
import { HostHooks } from './host-hooks.ts';
import { HostSteps } from './host-steps.ts';
import { HostView } from './host-view.ts';
import { Losses } from './losses.ts';
import type { Observations } from './observe.ts';
import { PoolTurns } from './pool-turns.ts';
import type { HostSession } from './session.ts';
import type { StepHooks } from './step-hooks.ts';

export interface HostRunnerOptions {
  readonly host: string;
  readonly graph: Graph;
  /** Undefined for `control`, which has actions only. */
  readonly session: HostSession | undefined;
  /** What the plan was made from; kept up to date by new probes. */
  readonly observations: Observations;
  readonly board: Board;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly context: ActionContext;
  readonly draining: AbortSignal;
  readonly fetchArtifact: ApplyOptions['fetchArtifact'];
  readonly hooks: StepHooks | undefined;
  /** While it works, hosts that need the Kubernetes API through this one wait for it. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Steps that the plan said would change; others that change are said aloud. */
  readonly planned: ReadonlySet<StepRef>;
  /** Resolves once a host of the run is there, after its return if it was lost; rejects when it does not come back. */
  present(host: string): Promise<void>;
  /** The plan is older than a look should be: everything is looked at again first. */
  readonly isStale: boolean;
  /** A step that changes without having been planned fails instead. */
  readonly isPlanBinding: boolean;
}

/** Where the work on one host stands: shared by those who do a part of it. */
export class HostWork {
  readonly options: HostRunnerOptions;
  readonly steps: HostSteps;
  readonly view: HostView;
  readonly losses: Losses;
  readonly hooks: HostHooks;
  readonly turns: PoolTurns;
  /** Aborted by the first Ctrl-C as well as by the second. */
  readonly stop: AbortSignal;
  /** What this run has begun: right when it is looked at again, it was changed. */
  readonly begun = new Set<StepRef>();

  constructor(options: HostRunnerOptions) {
    const { host, graph, board, signal, draining } = options;
    this.options = options;
    this.stop = AbortSignal.any([signal, draining]);
    this.turns = new PoolTurns(host, graph, board);
    this.steps = new HostSteps(host, graph.byHost.get(host) ?? [], options);
    this.view = new HostView(options, this.steps);
    this.losses = new Losses(host, options.present);
    const isFatal = (error: unknown): boolean => signal.aborted || this.losses.isOurs(error);
    this.hooks = new HostHooks({ ...options, steps: this.steps, isFatal });
  }

  /** Looked at and right: was it made so by this run? */
  settleRight(step: Step): void {
    this.steps.settle(step, this.begun.has(step.ref) ? 'changed' : 'unchanged');
  }

  /** Waits for the step's turn in a pool. False: the pool is closed, and the step not reached. */
  async enter(step: Step, pool: string): Promise<boolean> {
    const { board, emit, host } = this.options;
    if (!this.turns.has(pool) && board.isTaken(pool)) emit({ type: 'host.queued', host, pool });
    const reason = await this.orDrained(this.turns.enter(pool, step.ref, this.stop), `its turn in ${pool}`);
    if (reason !== undefined) this.steps.settle(step, 'not-reached', { reason });
    return reason === undefined;
  }

  /** A wait that a Ctrl-C ends says what it was for. */
  async orDrained<T>(waiting: Promise<T>, what: string): Promise<T> {
    return waiting.catch((error) => {
      throw this.stop.aborted ? new InterruptedError(`interrupted while waiting for ${what}`) : error;
    });
  }
}
