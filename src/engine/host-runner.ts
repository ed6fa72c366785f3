import { HostLostError, InterruptedError, PiclusterError, StepFailedError, VerifyError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { RebootState } from '#src/resource/reboot.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Script } from '#src/shell/script.ts';
import { type ApplyOptions, applyTasks, type Task, type TaskResult } from './apply-stretch.ts';
import type { Board } from './board.ts';
import { toEventError } from './event-error.ts';
import type { Emit } from './events.ts';
import { lossBehind } from './going-down.ts';
import type { Graph, Step } from './graph.ts';
import { HostHooks } from './host-hooks.ts';
import { HostSteps } from './host-steps.ts';
import { Losses } from './losses.ts';
import { isResourceStep, type Observations, type ResourceStep } from './observe.ts';
import { resourceChange } from './plan.ts';
import { PoolTurns } from './pool-turns.ts';
import { rebootHost } from './reboot.ts';
import type { HostSession } from './session.ts';
import { asStepError, notAsItShouldBe, notInThePlan } from './step-error.ts';
import { type StepHooks, untilHooked } from './step-hooks.ts';
import { goesOnMeanwhile, nextStretch, untilDisturbed, untilUnplanned } from './stretch.ts';
import { type Verdict, Watches } from './watches.ts';

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

const INTERRUPTED = 'the run was interrupted';

/** What an apply left to be looked at. */
interface Cut {
  readonly tasks: readonly Task[];
  readonly results: readonly TaskResult[];
}

const NO_CUT: Cut = { tasks: [], results: [] };

/** Brings one host through its steps, at its own pace: waits only where an edge to another host or a pool says so. */
export class HostRunner {
  readonly #options: HostRunnerOptions;
  readonly #steps: HostSteps;
  /** Something ran that may have changed what the last probe saw. */
  #isStale: boolean;
  /** What had begun when the host was lost: looked at before anything else is done. */
  #cut = NO_CUT;
  /** Actions that have begun. */
  readonly #begun = new Set<StepRef>();
  readonly #losses: Losses;
  readonly #hooks: HostHooks;
  /** Aborted by the first Ctrl-C as well as by the second. */
  readonly #stop: AbortSignal;
  readonly #turns: PoolTurns;
  readonly #watches = new Watches();
  /** Watched steps of whose start nothing was known any more: they are done again, once. */
  readonly #unknown = new Set<StepRef>();

  constructor(options: HostRunnerOptions) {
    this.#options = options;
    this.#stop = AbortSignal.any([options.signal, options.draining]);
    this.#isStale = options.isStale;
    this.#turns = new PoolTurns(options.host, options.graph, options.board);
    this.#steps = new HostSteps(options.host, options.graph.byHost.get(options.host) ?? [], options);
    this.#losses = new Losses(options.host, options.present);
    const isFatal = (error: unknown): boolean => options.signal.aborted || this.#losses.isOurs(error);
    this.#hooks = new HostHooks({ ...options, steps: this.#steps, isFatal });
  }

  /** Resolves when every step has an outcome; errors end up there too. Rejects with a bug only. */
  async run(): Promise<void> {
    try {
      while (this.#steps.unsettled.length > 0) {
        await this.#next().catch((error) => this.#survive(error));
        this.#turns.leaveFinished();
        const ended = this.#steps.takeEnded();
        if (ended.length > 0) this.#losses.forget();
        await this.#hooks.after(ended);
      }
    } catch (error) {
      this.#abandon(error);
    } finally {
      this.#turns.leaveAll();
    }
  }

  /** Waits for a lost host. Throws what cannot be survived. */
  async #survive(error: unknown): Promise<void> {
    const { signal, session } = this.#options;
    if (!session || signal.aborted || !this.#losses.isOurs(error)) throw error;
    await this.#losses.survive(error);
    this.#isStale = true;
  }

  async #next(): Promise<void> {
    const { board, emit, host } = this.#options;
    if (this.#cut.tasks.length > 0) return this.#settleCut();
    const [step] = this.#steps.pending;
    const { watched, held } = this.#steps.open;
    // What others have to do with this step; its own host knows what it does while it watches.
    const after = step?.after.filter((ref) => !watched.has(ref) && !held.has(ref)) ?? [];
    const awaited = board.awaited({ after });
    if (watched.size > 0 && (!step || awaited || !this.#goesOnMeanwhile(step))) return this.#endWatch();
    if (!step) return;
    if (this.#options.draining.aborted) throw new InterruptedError(INTERRUPTED);
    if (awaited) emit({ type: 'host.waiting', host, for: awaited });
    const clearance = await this.#orDrained(board.clearance({ after }, this.#stop), awaited ?? step.ref);
    if (!clearance.go) this.#steps.settle(step, 'not-reached', { reason: clearance.reason });
    else if (isResourceStep(step)) await this.#stretch();
    else await this.#action(step);
  }

  #goesOnMeanwhile(step: Step): boolean {
    const { draining } = this.#options;
    const isHooked = [step, ...this.#watches.steps].some((other) => this.#hooks.isAround(other));
    return !draining.aborted && !isHooked && goesOnMeanwhile(step, this.#steps.open);
  }

  async #stretch(): Promise<void> {
    const ready = nextStretch(this.#steps.pending, (ref) => this.#steps.endedWell(ref), this.#steps.open);
    if (this.#isStale) await this.#probeAgain(this.#steps.pendingResources);
    const changes = new Map<StepRef, Change>();
    const undisturbed = untilDisturbed(ready, (step) => {
      const change = this.#changeOf(step, changes);
      if (change) changes.set(step.ref, change);
      return change !== undefined;
    });
    const hooked = untilHooked(
      undisturbed,
      ({ ref }) => changes.has(ref),
      (step) => this.#hooks.isAround(step),
    );
    const stretch = untilUnplanned(hooked, ({ ref }) => !changes.has(ref) || this.#isAllowed(ref));
    const [unplanned] = hooked;
    if (unplanned && stretch.length === 0) return this.#steps.settle(unplanned, 'failed', { error: notInThePlan(unplanned) });
    const tasks = stretch.flatMap((step) => this.#task(step, changes.get(step.ref)));
    const [first] = stretch;
    if (tasks.length > 0 && first?.pool && !(await this.#enter(first, first.pool))) return;
    for (const step of stretch)
      if (!changes.has(step.ref) && tasks.length === 0)
        this.#steps.settle(step, this.#begun.has(step.ref) ? 'changed' : 'unchanged');
    for (const task of tasks) if (!(await this.#hooks.before(task.step, task.change))) return;
    const [task] = tasks;
    if (task?.step.work.kind.reboots) await this.#reboot(stretch, task);
    else if (tasks.length > 0) await this.#applyAndVerify(stretch, tasks);
  }

  /** The kind is such that nothing else changes in the stretch. */
  async #reboot(stretch: readonly ResourceStep[], { step, change }: Task): Promise<void> {
    const { session, emit, host, context, observations, graph } = this.#options;
    if (!session) return;
    const startedAt = performance.now();
    // Where one at a time reboots, nobody may be at work in the pools of this host either: two of three etcd members would be away.
    const others = (graph.byHost.get(host) ?? []).flatMap(({ pool }) => (pool && pool !== step.pool ? [pool] : []));
    const pools = step.pool ? [...new Set(others)] : [];
    for (const pool of pools) if (!(await this.#enter(step, pool))) return;
    emit({ type: 'step.start', host, step: step.ref, title: step.title });
    this.#begun.add(step.ref);
    try {
      const state = observations.get(step.ref) as RebootState;
      await this.#options.alone(() => rebootHost({ step, state, session, context, stop: this.#stop }));
    } catch (error) {
      if (this.#stop.aborted || this.#losses.isOurs(error) || !(error instanceof PiclusterError)) throw error;
      this.#steps.settle(step, 'failed', { change, error: asStepError(error, step), durationMs: performance.now() - startedAt });
      return;
    }
    await this.#probeAgain(this.#steps.pendingResources);
    for (const before of stretch) if (before !== step && this.#mayPass(before)) this.#steps.settle(before, 'unchanged');
    this.#settleResult({ step, change, durationMs: performance.now() - startedAt });
    for (const pool of pools) this.#turns.leave(pool);
  }

  #changeOf(step: ResourceStep, pending: ReadonlyMap<StepRef, Change>): Change | undefined {
    const { session, board, observations } = this.#options;
    if (!session) return undefined;
    const isChanged = { has: (ref: StepRef) => pending.has(ref) || board.hasChanged(ref) };
    return resourceChange(step, observations.get(step.ref), session.facts, isChanged);
  }

  #task(step: ResourceStep, change: Change | undefined): Task[] {
    const { session, observations, planned, emit, host } = this.#options;
    if (!change || !session) return [];
    if (!planned.has(step.ref))
      emit({
        type: 'warning',
        host,
        text: `${step.ref} changes although the plan did not say so: an earlier step made it necessary`,
      });
    const { kind, spec } = step.work;
    return [
      { step, change, apply: kind.apply(spec, observations.get(step.ref), session.facts), forget: this.#forgetScripts(step) },
    ];
  }

  #isAllowed(ref: StepRef): boolean {
    return !this.#options.isPlanBinding || this.#options.planned.has(ref);
  }

  /** Services of this host that have to be restarted for the step, and have not been yet; also those that this run leaves out. */
  #forgetScripts(step: ResourceStep): Script[] {
    const { graph, host } = this.#options;
    const waiting = [...this.#steps.pending, ...(graph.leftOut.get(host) ?? [])];
    return waiting.filter(isResourceStep).flatMap(({ restartOn, work }) => {
      if (!restartOn.includes(step.ref) || !work.kind.forget) return [];
      return [work.kind.forget(work.spec)];
    });
  }

  async #applyAndVerify(stretch: readonly ResourceStep[], tasks: readonly Task[]): Promise<void> {
    const { session } = this.#options;
    if (!session) return;
    const { results, cut } = await applyTasks(tasks, { ...this.#options, session });
    this.#cut = { tasks, results };
    if (cut) throw cut;
    const applied = results.filter((result) => !result.error && !this.#watch(result));
    const others = this.#steps.pendingResources.filter((step) => !tasks.some((task) => task.step === step));
    await this.#probeAgain([...applied.map(({ step }) => step), ...others]);
    this.#cut = NO_CUT;
    for (const step of stretch) {
      const result = results.find((candidate) => candidate.step === step);
      if (this.#steps.open.watched.has(step.ref)) continue;
      if (result) this.#settleResult(result);
      else if (!tasks.some((task) => task.step === step) && this.#mayPass(step)) this.#steps.settle(step, 'unchanged');
    }
  }

  /** True when the step has started something that must stay up. */
  #watch(result: TaskResult): boolean {
    const { session } = this.#options;
    const { kind, spec } = result.step.work;
    const watch = session && kind.watch?.(spec, session.facts);
    if (!watch) return false;
    this.#watches.add(result, watch);
    this.#steps.watch(result.step);
    return true;
  }

  /** Asks of all that is watched, and gives those steps their outcome, and with it what was done after them. */
  async #endWatch(): Promise<void> {
    const { session, emit, host } = this.#options;
    if (!session) return;
    const verdicts = await this.#watches.verdicts(session, this.#options.signal);
    for (const { result } of verdicts) this.#steps.unwatch(result.step);
    const isAgain = ({ result: { step }, isStartKnown }: Verdict): boolean => !isStartKnown && !this.#unknown.has(step.ref);
    const good = verdicts.filter(({ result }) => !result.error).map(({ result }) => result.step);
    await this.#probeAgain([...good, ...this.#steps.pendingResources.filter((step) => !good.includes(step))]);
    for (const verdict of verdicts) {
      if (!isAgain(verdict)) this.#settleResult(verdict.result);
      else {
        this.#unknown.add(verdict.result.step.ref);
        this.#begun.add(verdict.result.step.ref);
      }
    }
    const behind = this.#steps.release();
    if (behind.length > 0)
      emit({
        type: 'warning',
        host,
        text: `done while a service before it was still watched, which failed: ${behind.join(', ')}`,
      });
  }

  /**
   * After a loss: what is as it should be was done, whether its end was heard or not (a machine that is only out of reach goes on). All else
   * is still to be done, also what failed while the machine went down, and what had been done but did not outlive a power cut.
   */
  async #settleCut(): Promise<void> {
    const { session, observations } = this.#options;
    if (!session) return;
    await this.#probeAgain(this.#steps.pendingResources);
    const { tasks, results } = this.#cut;
    this.#cut = NO_CUT;
    for (const { step, change } of tasks) {
      const begun = results.find((result) => result.step === step && !result.error);
      // What is on the machine says whether it was started, and as what.
      if (begun && this.#watch(begun)) continue;
      const left = step.work.kind.diff(step.work.spec, observations.get(step.ref), session.facts);
      const durationMs = results.find((result) => result.step === step)?.durationMs ?? 0;
      if (!left) this.#steps.settle(step, 'changed', { change, durationMs });
    }
  }

  /** An unchanged step between changed ones has passed once everything before it has. */
  #mayPass(step: ResourceStep): boolean {
    const { watched, held } = this.#steps.open;
    const isPast = (ref: StepRef): boolean => watched.has(ref) || held.has(ref) || this.#steps.endedWell(ref);
    return step.after.every(isPast) && !this.#changeOf(step, new Map());
  }

  #settleResult({ step, change, durationMs, error }: TaskResult): void {
    const { session, observations } = this.#options;
    const left = session && !error ? step.work.kind.diff(step.work.spec, observations.get(step.ref), session.facts) : undefined;
    if (!left) {
      this.#steps.settle(step, error ? 'failed' : 'changed', { change, durationMs, ...(error ? { error } : {}) });
      return;
    }
    this.#steps.settle(step, 'failed', { error: notAsItShouldBe(step, left), durationMs, change });
  }

  async #probeAgain(steps: readonly ResourceStep[]): Promise<void> {
    const { session, observations } = this.#options;
    if (!session || steps.length === 0) return;
    for (const [ref, state] of await session.observe(steps)) observations.set(ref, state);
    this.#isStale = false;
  }

  async #action(step: Step): Promise<void> {
    const { draining, emit, host } = this.#options;
    if (step.work.type !== 'action') return;
    const { isWait = false } = step.work;
    const context = isWait ? { ...this.#options.context, signal: this.#stop } : this.#options.context;
    const startedAt = performance.now();
    try {
      const before = await step.work.check(context);
      if (before === 'done') {
        this.#steps.settle(step, this.#begun.has(step.ref) ? 'changed' : 'unchanged');
        return;
      }
      if (!this.#isAllowed(step.ref)) return this.#steps.settle(step, 'failed', { error: notInThePlan(step) });
      if (step.pool && !(await this.#enter(step, step.pool))) return;
      if (!(await this.#hooks.before(step, before === 'later' ? step.work.planned : before))) return;
      emit({ type: 'step.start', host, step: step.ref, title: step.title });
      this.#begun.add(step.ref);
      await step.work.run(context);
      if ((await step.work.check(context)) !== 'done') {
        throw new VerifyError(`${step.title}: ran, and its own check does not say done`, { host, step: step.ref });
      }
      this.#isStale = true;
      this.#steps.settle(step, 'changed', {
        change: before === 'later' ? step.work.planned : before,
        durationMs: performance.now() - startedAt,
      });
    } catch (error) {
      if (isWait && draining.aborted) throw new InterruptedError(`interrupted while ${step.title.replace(/^wait /, 'waiting ')}`);
      if (this.#options.signal.aborted || this.#losses.isOurs(error) || error instanceof InterruptedError) throw error;
      if (await this.#losses.isBack(error)) return;
      const failure = asStepError(error, step);
      const { session } = this.#options;
      const loss = session && (await lossBehind(failure, session, failure instanceof StepFailedError));
      if (loss) throw loss;
      this.#steps.settle(step, 'failed', {
        error: failure,
        change: step.work.planned,
        durationMs: performance.now() - startedAt,
      });
    }
  }

  async #orDrained<T>(waiting: Promise<T>, what: string): Promise<T> {
    return waiting.catch((error) => {
      throw this.#stop.aborted ? new InterruptedError(`interrupted while waiting for ${what}`) : error;
    });
  }

  async #enter(step: Step, pool: string): Promise<boolean> {
    const { board, emit, host } = this.#options;
    if (!this.#turns.has(pool) && board.isTaken(pool)) emit({ type: 'host.queued', host, pool });
    const reason = await this.#orDrained(this.#turns.enter(pool, step.ref, this.#stop), `its turn in ${pool}`);
    if (reason !== undefined) this.#steps.settle(step, 'not-reached', { reason });
    return reason === undefined;
  }

  /** The host is lost or the run was stopped: the step under way failed, what follows was not reached. */
  #abandon(error: unknown): void {
    const { host, emit } = this.#options;
    const known = error instanceof PiclusterError ? error : undefined;
    const isInterrupt = error instanceof InterruptedError || this.#options.signal.aborted;
    if (!known && !isInterrupt) throw error;
    if (known instanceof HostLostError) emit({ type: 'host.lost', host, error: toEventError(known) });
    for (const step of this.#watches.takeAll()) {
      this.#steps.unwatch(step);
      if (known && !isInterrupt) this.#steps.settle(step, 'failed', { error: known });
      else this.#steps.settle(step, 'not-reached', { reason: 'interrupted before it was seen to stay up' });
    }
    for (const { step, change, durationMs, error: failure } of this.#cut.results.filter(({ isCut }) => !isCut))
      this.#steps.settle(step, failure ? 'failed' : 'changed', { change, durationMs, ...(failure ? { error: failure } : {}) });
    this.#steps.release();
    if (known && !isInterrupt) {
      const inFlight = this.#steps.pending.find((step) => step.ref === known.step) ?? this.#steps.pending[0];
      if (inFlight) this.#steps.settle(inFlight, 'failed', { error: known });
    }
    const [first] = this.#steps.pending;
    if (first && error instanceof InterruptedError) this.#steps.settle(first, 'not-reached', { reason: error.message });
    const reason = isInterrupt ? INTERRUPTED : `${host}: ${known?.message}`;
    this.#steps.settleRest(reason);
  }
}
