import { PiclusterError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { RebootState } from '#src/resource/reboot.ts';
import type { StepRef } from '#src/role/step.ts';
import { applyTasks } from './apply-stretch.ts';
import { lossBehind } from './going-down.ts';
import type { HostWork } from './host-work.ts';
import type { ResourceStep } from './observe.ts';
import { rebootHost } from './reboot.ts';
import { asStepError, notAsItShouldBe, notInThePlan } from './step-error.ts';
import { untilHooked } from './step-hooks.ts';
import { nextStretch, untilDisturbed, untilUnplanned } from './stretch.ts';
import type { Task, TaskResult } from './task.ts';
import { type Verdict, Watches } from './watches.ts';

/** What an apply left to be looked at. */
interface Cut {
  readonly tasks: readonly Task[];
  readonly results: readonly TaskResult[];
}

const NO_CUT: Cut = { tasks: [], results: [] };

/** Brings the resources of one host to what they should be, a stretch of steps at a time. Rejects when the host is lost or the run stopped. */
export class HostResources {
  readonly #work: HostWork;
  /** What had begun when the host was lost: looked at before anything else is done. */
  #cut = NO_CUT;
  readonly #watches = new Watches();
  /** Watched steps of whose start nothing was known any more: they are done again, once. */
  readonly #unknown = new Set<StepRef>();

  constructor(work: HostWork) {
    this.#work = work;
  }

  get isCut(): boolean {
    return this.#cut.tasks.length > 0;
  }

  /** Steps whose services are watched. */
  get watched(): readonly ResourceStep[] {
    return this.#watches.steps;
  }

  /** Does the next stretch, or as much of it as can be done in one request. */
  async stretch(): Promise<void> {
    const { steps, view, hooks } = this.#work;
    const ready = nextStretch(steps.pending, (ref) => steps.endedWell(ref), steps.open);
    if (view.isStale) await view.lookAgain(steps.pendingResources);
    const changes = new Map<StepRef, Change>();
    const undisturbed = untilDisturbed(ready, (step) => {
      const change = view.changeOf(step, changes);
      if (change) changes.set(step.ref, change);
      return change !== undefined;
    });
    const isChanged = ({ ref }: ResourceStep): boolean => changes.has(ref);
    const hooked = untilHooked(undisturbed, isChanged, (step) => hooks.isAround(step));
    const stretch = untilUnplanned(hooked, (step) => !isChanged(step) || view.isAllowed(step.ref));
    const [unplanned] = hooked;
    if (unplanned && stretch.length === 0) return steps.settle(unplanned, 'failed', { error: notInThePlan(unplanned) });
    const tasks = stretch.flatMap((step) => view.taskOf(step, changes.get(step.ref)));
    const [task] = tasks;
    if (!task) for (const step of stretch) this.#work.settleRight(step);
    else if (await this.#mayBegin(stretch, tasks))
      await (task.step.work.kind.reboots ? this.#reboot(stretch, task) : this.#applyAndVerify(stretch, tasks));
  }

  async #mayBegin([first]: readonly ResourceStep[], tasks: readonly Task[]): Promise<boolean> {
    if (first?.pool && !(await this.#work.enter(first, first.pool))) return false;
    for (const { step, change } of tasks) if (!(await this.#work.hooks.before(step, change))) return false;
    return true;
  }

  /** The kind is such that nothing else changes in the stretch. */
  async #reboot(stretch: readonly ResourceStep[], { step, change }: Task): Promise<void> {
    const { options, steps, view, turns, losses, begun, stop } = this.#work;
    const { session, emit, host, context, observations, graph } = options;
    if (!session) return;
    const startedAt = performance.now();
    // Where one at a time reboots, nobody may be at work in the pools of this host either: two of three etcd members would be away.
    const others = (graph.byHost.get(host) ?? []).flatMap(({ pool }) => (pool && pool !== step.pool ? [pool] : []));
    const pools = step.pool ? [...new Set(others)] : [];
    for (const pool of pools) if (!(await this.#work.enter(step, pool))) return;
    emit({ type: 'step.start', host, step: step.ref, title: step.title });
    begun.add(step.ref);
    try {
      const state = observations.get(step.ref) as RebootState;
      await options.alone(() => rebootHost({ step, state, session, context, stop }));
    } catch (error) {
      if (stop.aborted || losses.isOurs(error) || !(error instanceof PiclusterError)) throw error;
      steps.settle(step, 'failed', { change, error: asStepError(error, step), durationMs: performance.now() - startedAt });
      return;
    }
    await view.lookAgain(steps.pendingResources);
    for (const before of stretch) if (before !== step && view.mayPass(before)) steps.settle(before, 'unchanged');
    this.#settleResult({ step, change, durationMs: performance.now() - startedAt });
    for (const pool of pools) turns.leave(pool);
  }

  async #applyAndVerify(stretch: readonly ResourceStep[], tasks: readonly Task[]): Promise<void> {
    const { options, steps, view } = this.#work;
    const { session } = options;
    if (!session) return;
    const { results, cut } = await applyTasks(tasks, { ...options, session });
    this.#cut = { tasks, results };
    if (cut) throw cut;
    for (const result of results) if (!result.error) this.#watch(result);
    const toVerify = results.filter(({ step, error }) => !error && !steps.open.watched.has(step.ref)).map(({ step }) => step);
    const others = steps.pendingResources.filter((step) => !tasks.some((task) => task.step === step));
    await view.lookAgain([...toVerify, ...others]);
    this.#cut = NO_CUT;
    for (const step of stretch) {
      const result = results.find((candidate) => candidate.step === step);
      if (steps.open.watched.has(step.ref)) continue;
      if (result) this.#settleResult(result);
      else if (!tasks.some((task) => task.step === step) && view.mayPass(step)) steps.settle(step, 'unchanged');
    }
  }

  /** If the step has started something that must stay up, it is watched from now on. Returns whether it is. */
  #watch(result: TaskResult): boolean {
    const { options, steps } = this.#work;
    const { kind, spec } = result.step.work;
    const watch = options.session && kind.watch?.(spec, options.session.facts);
    if (!watch) return false;
    this.#watches.add(result, watch);
    steps.watch(result.step);
    return true;
  }

  /** Asks of all that is watched, and gives those steps their outcome, and with it what was done after them. */
  async endWatch(): Promise<void> {
    const { options, steps, view, begun } = this.#work;
    const { session, emit, host, signal } = options;
    if (!session) return;
    const verdicts = await this.#watches.verdicts(session, signal);
    for (const { result } of verdicts) {
      steps.unwatch(result.step);
      begun.add(result.step.ref);
    }
    // A machine that goes down takes its services with it.
    const died = verdicts.find(({ result, isStartKnown }) => result.error && isStartKnown)?.result.error;
    const loss = died && (await lossBehind(died, session, true));
    if (loss) throw loss;
    const good = verdicts.filter(({ result }) => !result.error).map(({ result }) => result.step);
    await view.lookAgain([...good, ...steps.pendingResources.filter((step) => !good.includes(step))]);
    for (const verdict of verdicts) this.#settleVerdict(verdict);
    const behind = steps.release();
    if (behind.length === 0) return;
    const text = `done while a service before it was still watched, which failed: ${behind.join(', ')}`;
    emit({ type: 'warning', host, text });
  }

  #settleVerdict({ result, isStartKnown }: Verdict): void {
    const { ref } = result.step;
    if (isStartKnown || this.#unknown.has(ref)) this.#settleResult(result);
    else this.#unknown.add(ref);
  }

  /**
   * After a loss: what is as it should be was done, whether its end was heard or not (a machine that is only out of reach goes on). All else
   * is still to be done, also what failed while the machine went down, and what had been done but did not outlive a power cut.
   */
  async settleCut(): Promise<void> {
    const { steps, view } = this.#work;
    await view.lookAgain(steps.pendingResources);
    const { tasks, results } = this.#cut;
    this.#cut = NO_CUT;
    for (const { step, change } of tasks) {
      const result = results.find((candidate) => candidate.step === step);
      // What is on the machine says whether it was started, and as what.
      if (result && !result.error && this.#watch(result)) continue;
      if (!view.leftOf(step)) steps.settle(step, 'changed', { change, durationMs: result?.durationMs ?? 0 });
    }
  }

  #settleResult({ step, change, durationMs, error }: TaskResult): void {
    const { steps, view } = this.#work;
    const left = error ? undefined : view.leftOf(step);
    const failure = error ?? (left && notAsItShouldBe(step, left));
    steps.settle(step, failure ? 'failed' : 'changed', { change, durationMs, ...(failure ? { error: failure } : {}) });
  }

  /** Nothing more will be asked of the host: each step that was begun gets the outcome that is known of it. `loss`: why; undefined: stopped. */
  abandon(loss: PiclusterError | undefined): void {
    const { steps } = this.#work;
    for (const step of this.#watches.takeAll()) {
      steps.unwatch(step);
      if (loss) steps.settle(step, 'failed', { error: loss });
      else steps.settle(step, 'not-reached', { reason: 'interrupted before it was seen to stay up' });
    }
    for (const { step, change, durationMs, error, isCut } of this.#cut.results)
      if (!isCut) steps.settle(step, error ? 'failed' : 'changed', { change, durationMs, ...(error ? { error } : {}) });
    steps.release();
  }
}
