import { HostLostError, InterruptedError, PiclusterError } from '#src/errors.ts';
import { toEventError } from './event-error.ts';
import type { Step } from './graph.ts';
import { runAction } from './host-action.ts';
import { HostResources } from './host-resources.ts';
import { type HostRunnerOptions, HostWork } from './host-work.ts';
import { isResourceStep } from './observe.ts';
import { goesOnMeanwhile } from './stretch.ts';

const INTERRUPTED = 'the run was interrupted';

/** Brings one host through its steps, at its own pace: waits only where an edge to another host or a pool says so. */
export class HostRunner {
  readonly #work: HostWork;
  readonly #resources: HostResources;

  constructor(options: HostRunnerOptions) {
    this.#work = new HostWork(options);
    this.#resources = new HostResources(this.#work);
  }

  /** Resolves when every step has an outcome; errors end up there too. Rejects with a bug only. */
  async run(): Promise<void> {
    const { steps, turns, losses, hooks } = this.#work;
    try {
      while (steps.unsettled.length > 0) {
        await this.#next().catch((error) => this.#survive(error));
        turns.leaveFinished();
        const ended = steps.takeEnded();
        if (ended.length > 0) losses.forget();
        await hooks.after(ended);
      }
    } catch (error) {
      this.#abandon(error);
    } finally {
      turns.leaveAll();
    }
  }

  /** Waits for a lost host. Throws what cannot be survived. */
  async #survive(error: unknown): Promise<void> {
    const { options, losses, view } = this.#work;
    if (!options.session || options.signal.aborted || !losses.isOurs(error)) throw error;
    await losses.survive(error);
    view.isStale = true;
  }

  async #next(): Promise<void> {
    const { steps, stop, options } = this.#work;
    const { board, emit, host, draining } = options;
    if (this.#resources.isCut) return this.#resources.settleCut();
    const [step] = steps.pending;
    const { watched, held } = steps.open;
    // What others have to do with this step; its own host knows what it does while it watches.
    const after = step?.after.filter((ref) => !watched.has(ref) && !held.has(ref)) ?? [];
    const awaited = board.awaited({ after });
    if (watched.size > 0 && (!step || awaited || !this.#goesOnMeanwhile(step))) return this.#resources.endWatch();
    if (!step) return;
    if (draining.aborted) throw new InterruptedError(INTERRUPTED);
    if (awaited) emit({ type: 'host.waiting', host, for: awaited });
    const clearance = await this.#work.orDrained(board.clearance({ after }, stop), awaited ?? step.ref);
    if (!clearance.go) steps.settle(step, 'not-reached', { reason: clearance.reason });
    else if (isResourceStep(step)) await this.#resources.stretch();
    else await runAction(step, this.#work);
  }

  #goesOnMeanwhile(step: Step): boolean {
    const { steps, hooks, options } = this.#work;
    const isHooked = [step, ...this.#resources.watched].some((other) => hooks.isAround(other));
    return !options.draining.aborted && !isHooked && goesOnMeanwhile(step, steps.open);
  }

  /** The host is lost or the run was stopped: the step under way failed, what follows was not reached. */
  #abandon(error: unknown): void {
    const { steps, options } = this.#work;
    const { host, emit, signal } = options;
    const known = error instanceof PiclusterError ? error : undefined;
    const isInterrupt = error instanceof InterruptedError || signal.aborted;
    if (!known && !isInterrupt) throw error;
    if (known instanceof HostLostError) emit({ type: 'host.lost', host, error: toEventError(known) });
    this.#resources.abandon(isInterrupt ? undefined : known);
    if (known && !isInterrupt) {
      const inFlight = steps.pending.find((step) => step.ref === known.step) ?? steps.pending[0];
      if (inFlight) steps.settle(inFlight, 'failed', { error: known });
    }
    const [first] = steps.pending;
    if (first && error instanceof InterruptedError) steps.settle(first, 'not-reached', { reason: error.message });
    steps.settleRest(isInterrupt ? INTERRUPTED : `${host}: ${known?.message}`);
  }
}
