import { setImmediate } from 'node:timers/promises';
import type { Host } from '#src/cluster/cluster.ts';
import { HostLostError, InterruptedError, type PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { KubeClient } from '#src/kube/client.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { StepRef } from '#src/role/step.ts';
import { Board } from './board.ts';
import { checkActions } from './check-actions.ts';
import { explainPlan } from './explain.ts';
import { Fleet } from './fleet.ts';
import { foreseeProbe } from './foresee.ts';
import { buildGraph, type Graph, hostOfRef } from './graph.ts';
import { HostRunner } from './host-runner.ts';
import { KubeAccess } from './kube-access.ts';
import { isResourceStep } from './observe.ts';
import { Observer } from './observer.ts';
import { makePlan, type Plan } from './plan.ts';
import { preflightFindings, type Requirements } from './preflight.ts';
import { roleGraphOf } from './role-graph.ts';
import { requirementsOf } from './role-steps.ts';
import type { RunOptions } from './run-options.ts';
import { type RunResult, resultOf } from './run-result.ts';
import { ALL_STEPS, restrictGraph, selectSteps } from './selection.ts';
import { refuseUnmet } from './unmet.ts';

/** Pseudo-host of the work that this machine does itself. */
export const CONTROL = 'control';

/** What was seen holds this long while the operator thinks about the plan. */
const FRESH_MS = 30_000;

/** One pass over a cluster: `connect()`, `plan()`, `apply()`, `close()`. Nothing is shared between runs. */
export class Run {
  readonly #options: RunOptions;
  readonly #fleet: Fleet;
  readonly #observer: Observer;
  readonly #kube: KubeAccess;
  #graph: Graph | undefined;
  #plannedAt = 0;
  /** Settled, unless the server that leads to the API is rebooting. */
  #apiAway: Promise<unknown> = Promise.resolve();

  constructor(options: RunOptions) {
    this.#options = options;
    this.#observer = new Observer(options);
    this.#fleet = new Fleet({
      ...options,
      timeouts: options.cluster.timeouts,
      foresee: async (host) => (options.chosen.includes(host) ? foreseeProbe(options, host) : undefined),
      look: (session) => this.#observer.look(session),
    });
    this.#kube = new KubeAccess(
      () => (options.initServer ? this.#fleet.session(options.initServer.name) : undefined),
      options.stateDirectory,
    );
  }

  /** The Kubernetes API of this run; rejects with ApiUnavailableError while there is none. */
  kube(): Promise<KubeClient> {
    return this.#kube.client();
  }

  /** What the hosts that were reached say about themselves. */
  get facts(): ReadonlyMap<string, Facts> {
    return new Map(this.#fleet.sessions.map(({ host, facts }) => [host.name, facts]));
  }

  /** Hosts that could not be reached, with the reason. */
  get lost(): ReadonlyMap<string, PiclusterError> {
    return this.#fleet.lost;
  }

  /** Connects to the chosen hosts and the init server, takes their locks, and asks for facts. */
  async connect(): Promise<void> {
    const { chosen, initServer } = this.#options;
    await this.#phase('connect', () => this.#fleet.connect([...new Set([...chosen, ...(initServer ? [initServer] : [])])]));
  }

  /** Observes everything and says what would change. Changes nothing. */
  async plan(): Promise<Plan> {
    return this.#phase('plan', async () => {
      const graph = this.graph();
      // With hundreds of hosts each of these takes tens of milliseconds: the event loop goes round in between.
      await setImmediate();
      this.#options.emit({ type: 'plan.graph', ...roleGraphOf([...graph.steps.values()]) });
      const selected = selectSteps([...graph.steps.values()], this.#options.selection ?? ALL_STEPS);
      this.#graph = restrictGraph(graph, selected);
      await setImmediate();
      await this.#observer.lookAgain(this.#fleet.sessions, graph);
      const checks = await checkActions(graph, (host) => this.#context(host));
      const factsOf = (host: string): Facts | undefined => this.#fleet.session(host)?.facts;
      const plan = makePlan(graph, this.#observer.observations, checks, factsOf, ({ ref }) => selected.has(ref));
      await setImmediate();
      await refuseUnmet(graph, plan, {
        ...this.#options,
        fleet: this.#fleet,
        context: (host) => this.#context(host),
      });
      const explained = await explainPlan(plan, this.#fleet.sessions);
      for (const { step, change } of explained.changes)
        this.#options.emit({ type: 'step.planned', host: step.host, step: step.ref, title: step.title, change });
      this.#plannedAt = performance.now();
      return explained;
    });
  }

  /** The steps of the connected hosts, and of this machine. */
  graph(): Graph {
    const { chosen, initServer, control, edges } = this.#options;
    const reached = chosen.flatMap(({ name }) => this.#fleet.session(name) ?? []);
    const lists = reached.flatMap((session) => this.#observer.stepsOf(session));
    const graph = buildGraph(lists, edges);
    if (!control || !initServer || !this.#fleet.session(initServer.name)) return graph;
    return buildGraph([...lists, ...control(this.#kube, (host) => graph.byHost.get(host)?.at(-1)?.ref)], edges);
  }

  /** Reasons not to begin; empty when all is well. */
  preflight(plan: Plan): string[] {
    const { roles, chosen } = this.#options;
    // What the kernel lacks now it may have after the reboot that is planned.
    const reboots = new Set(
      plan.changes.flatMap(({ step }) => (isResourceStep(step) && step.work.kind.reboots ? [step.host] : [])),
    );
    const required = (host: Host): Requirements => {
      const requirements = requirementsOf(roles, host);
      return reboots.has(host.name) ? { ...requirements, memoryCgroup: false } : requirements;
    };
    const none = { ports: [], diskBytes: 0, memoryCgroup: false };
    return preflightFindings(
      this.#fleet.sessions.map(({ host, facts }) => ({
        host,
        facts,
        requirements: chosen.includes(host) ? required(host) : none,
      })),
    );
  }

  /** Does what the plan says. Every step gets an outcome; failures are in the result, not thrown. */
  async apply(plan: Plan): Promise<RunResult> {
    const graph = this.#graph;
    if (!graph) throw new TypeError('apply() needs plan() first');
    return this.#phase('apply', async () => {
      const board = this.#boardFor(graph);
      const planned = new Set(plan.changes.map(({ step }) => step.ref));
      const hosts = [...graph.byHost.keys()];
      this.#options.emit({ type: 'host.work', hosts });
      await Promise.all(hosts.map((host) => this.#runHost(host, graph, board, planned)));
      const isInterrupted = this.#options.signal.aborted || this.#options.draining.aborted;
      return resultOf(board, { isInterrupted, isHostLost: this.#fleet.lost.size > 0 });
    });
  }

  #boardFor(graph: Graph): Board {
    const board = new Board();
    for (const { to } of graph.outside) {
      const host = hostOfRef(to);
      board.settle(to, this.#fleet.lost.has(host) ? { status: 'not-reached', reason: `${host} is lost` } : { status: 'skipped' });
    }
    return board;
  }

  async #runHost(host: string, graph: Graph, board: Board, planned: ReadonlySet<StepRef>): Promise<void> {
    const { emit, signal, fetchArtifact, draining } = this.#options;
    const session = this.#fleet.session(host);
    const observations = this.#observer.observations;
    const context = this.#context(host);
    await new HostRunner({
      host,
      graph,
      session,
      observations,
      board,
      emit,
      signal,
      draining,
      fetchArtifact,
      planned,
      isPlanBinding: this.#options.isPlanBinding ?? false,
      context,
      hooks: this.#options.hooks?.(context, host),
      isStale: performance.now() - this.#plannedAt > FRESH_MS,
      present: async (name) => this.#fleet.session(name)?.present(),
      alone: (work) => this.#alone(host, work),
    }).run();
    emit({ type: 'host.done', host });
  }

  #alone<T>(host: string, work: () => Promise<T>): Promise<T> {
    const done = work();
    if (host === this.#options.initServer?.name) this.#apiAway = done.catch(() => {});
    return done;
  }

  #context(host: string): ActionContext {
    const { cluster, emit, signal, initServer } = this.#options;
    const subject = host === CONTROL ? initServer : cluster.host(host);
    if (!subject) throw new TypeError('work of this machine needs a server');
    return {
      host: subject,
      cluster,
      signal,
      shell: async (name) => {
        const session = this.#fleet.session(name);
        if (!session) throw new HostLostError(`${name} is not connected in this run`, { host: name });
        return session.shell;
      },
      kube: async () => {
        if (host !== initServer?.name) await this.#apiAway;
        return this.#kube.client();
      },
      report: (text) => emit({ type: 'fact', ...(host === CONTROL ? {} : { host }), text }),
    };
  }

  async #phase<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const { emit, signal, draining } = this.#options;
    // What an apply does not reach any more gets its outcome there.
    if (signal.aborted || (draining.aborted && phase !== 'apply')) throw new InterruptedError('the run was interrupted');
    const startedAt = performance.now();
    emit({ type: 'phase.start', phase });
    try {
      return await work();
    } finally {
      emit({ type: 'phase.end', phase, durationMs: performance.now() - startedAt });
    }
  }

  async close(): Promise<void> {
    await this.#kube.close();
    await this.#fleet.close();
  }
}
