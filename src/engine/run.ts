import type { Cluster, Host } from '#src/cluster/cluster.ts';
import {
  EXIT,
  HostLostError,
  InterruptedError,
  LockedError,
  PermissionError,
  PiclusterError,
  RefusedError,
} from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { Role } from '#src/role/role.ts';
import type { StepRef } from '#src/role/step.ts';
import type { LockRequest } from '#src/transport/connection.ts';
import type { ApplyOptions } from './apply-stretch.ts';
import { Board } from './board.ts';
import { toEventError } from './event-error.ts';
import type { Emit } from './events.ts';
import { buildGraph, type Graph, hostOfRef, type RoleSteps, type Step } from './graph.ts';
import { HostRunner } from './host-runner.ts';
import { KubeAccess } from './kube-access.ts';
import { detailOf, isResourceStep, type Observations, parseRecords } from './observe.ts';
import { makePlan, type Plan, type PlannedStep } from './plan.ts';
import { type Candidate, preflightFindings } from './preflight.ts';
import { requirementsOf, roleSteps } from './role-steps.ts';
import { type Connect, HostSession } from './session.ts';

/** Pseudo-host of the work that this machine does itself. */
export const CONTROL = 'control';

/** Handshakes under way at once: each costs CPU on this machine. */
const MAX_HANDSHAKES = 20;
const DETAIL_TIMEOUT_MS = 30_000;

export interface RunOptions {
  readonly cluster: Cluster;
  readonly roles: readonly Role[];
  /** Hosts chosen by --limit; all by default. */
  readonly chosen: readonly Host[];
  /** Work of this machine after the hosts': kubeconfig, hand-off. */
  control?(
    kube: KubeAccess,
    graph: { readonly initServer: Host | undefined; lastStepOf(host: string): StepRef | undefined },
  ): RoleSteps[];
  /** Which server the API is reached through; undefined: the cluster has none. */
  readonly initServer: Host | undefined;
  readonly stateDirectory: string;
  /** Undefined: nothing is locked, as nothing is changed. */
  readonly lock: LockRequest | undefined;
  readonly connect: Connect;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  draining(): boolean;
  readonly fetchArtifact: ApplyOptions['fetchArtifact'];
}

export interface RunResult {
  readonly changed: number;
  readonly failed: number;
  readonly notReached: number;
  readonly exitCode: number;
}

/** One pass over a cluster: `plan()` observes and decides, `apply()` does it. Nothing is shared between runs. */
export class Run {
  readonly #options: RunOptions;
  readonly #sessions = new Map<string, HostSession>();
  readonly #lost = new Map<string, PiclusterError>();
  readonly #observations: Observations = new Map();
  readonly kube: KubeAccess;
  #graph: Graph | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.kube = new KubeAccess(
      () => (options.initServer ? this.#sessions.get(options.initServer.name) : undefined),
      options.stateDirectory,
    );
  }

  session(host: string): HostSession | undefined {
    return this.#sessions.get(host);
  }

  get lost(): ReadonlyMap<string, PiclusterError> {
    return this.#lost;
  }

  /** Connects to the chosen hosts and the init server, and asks for facts. Throws when a machine says no, or is locked; lost hosts are kept in `lost`. */
  async connect(): Promise<void> {
    await this.#phase('connect', async () => {
      const { chosen, initServer, emit } = this.#options;
      const wanted = new Set([...chosen, ...(initServer ? [initServer] : [])]);
      const results = await mapBounded([...wanted], MAX_HANDSHAKES, (host) => this.#open(host));
      const errors = results.filter((result) => result !== undefined);
      throwIfRefused(errors);
      for (const error of errors) {
        if (!(error instanceof HostLostError) || !error.host) throw error;
        this.#lost.set(error.host, error);
        emit({ type: 'host.lost', host: error.host, error: toEventError(error) });
      }
    });
  }

  async #open(host: Host): Promise<unknown> {
    const { emit, connect, lock, signal } = this.#options;
    const startedAt = performance.now();
    emit({ type: 'host.connecting', host: host.name, address: host.address });
    try {
      const session = await HostSession.open(host, connect, { signal, lock });
      this.#sessions.set(host.name, session);
      const { os, arch, hostname } = session.facts;
      emit({ type: 'host.connected', host: host.name, durationMs: performance.now() - startedAt });
      emit({ type: 'host.facts', host: host.name, summary: `${hostname}: ${os.prettyName}, ${arch}` });
      return undefined;
    } catch (error) {
      if (error instanceof PiclusterError) return Object.assign(error, { host: error.host ?? host.name });
      throw error;
    }
  }

  /** Observes everything and says what would change. Changes nothing. */
  async plan(): Promise<Plan> {
    return this.#phase('observe', async () => {
      const graph = this.#buildGraph();
      this.#graph = graph;
      await Promise.all([...this.#sessions.values()].map((session) => this.#observe(session, graph)));
      const checks = await this.#checkActions(graph);
      await this.#checkOutside(graph);
      const plan = makePlan(graph, this.#observations, checks, (host) => this.#sessions.get(host)?.facts);
      const explained = await this.#explain(plan);
      for (const { step, change } of explained.changes) {
        this.#options.emit({ type: 'step.planned', host: step.host, step: step.ref, title: step.title, change });
      }
      return explained;
    });
  }

  #buildGraph(): Graph {
    const { chosen, cluster, roles, initServer, control } = this.#options;
    const reachable = chosen.flatMap((host) => this.#sessions.get(host.name) ?? []);
    const lists = reachable.flatMap(({ host, facts }) => roleSteps(roles, cluster, host, facts));
    const hostsOnly = buildGraph(lists);
    if (!control || (initServer && this.#lost.has(initServer.name))) return hostsOnly;
    const extra = control(this.kube, { initServer, lastStepOf: (host) => hostsOnly.byHost.get(host)?.at(-1)?.ref });
    return extra.length === 0 ? hostsOnly : buildGraph([...lists, ...extra]);
  }

  async #observe(session: HostSession, graph: Graph): Promise<void> {
    const { emit } = this.#options;
    const startedAt = performance.now();
    const steps = (graph.byHost.get(session.host.name) ?? []).filter(isResourceStep);
    const seen = await session.observe(steps);
    for (const [ref, state] of seen) this.#observations.set(ref, state);
    const changes = steps.filter(({ ref, work }) => work.kind.diff(work.spec, seen.get(ref), session.facts)).length;
    emit({
      type: 'host.observed',
      host: session.host.name,
      steps: steps.length,
      changes,
      durationMs: performance.now() - startedAt,
    });
  }

  async #checkActions(graph: Graph): Promise<Map<StepRef, 'done' | Change | 'later'>> {
    const checks = new Map<StepRef, 'done' | Change | 'later'>();
    for (const steps of graph.byHost.values()) {
      for (const step of steps) {
        if (step.work.type !== 'action') continue;
        // What an action looks at is not there before what it waits for is: the API is asked only while everything before stands.
        const isEarly = step.after.some((ref) => checks.get(ref) === 'later');
        checks.set(step.ref, isEarly ? 'later' : await checkNow(step, this.#context(step.host)));
      }
    }
    return checks;
  }

  /** Steps of hosts that were not chosen are checked, never run. */
  async #checkOutside(graph: Graph): Promise<void> {
    const { chosen, cluster, roles } = this.#options;
    const limited = graph.outside.filter(
      ({ to }) => !chosen.some((host) => host.name === hostOfRef(to)) && !this.#lost.has(hostOfRef(to)),
    );
    const findings: string[] = [];
    for (const { from, to } of limited) {
      const session = this.#sessions.get(hostOfRef(to));
      const step = session && buildGraph(roleSteps(roles, cluster, session.host, session.facts)).steps.get(to);
      const isMet = step?.work.type === 'action' && (await checkNow(step, this.#context(step.host))) === 'done';
      if (!isMet) findings.push(`${from} needs ${to}, which is not done and whose host is not chosen`);
    }
    if (findings.length > 0)
      throw new RefusedError('the chosen hosts need others first', findings, {
        hint: 'run without --limit, or add those hosts to it',
      });
  }

  /** Asks for old contents of changed files and puts their diffs into the plan. */
  async #explain(plan: Plan): Promise<Plan> {
    const diffs = new Map<StepRef, string>();
    for (const session of this.#sessions.values()) {
      const changed = plan.changes.filter(({ step }) => step.host === session.host.name).map(({ step }) => step);
      const probe = detailOf(changed.filter(isResourceStep));
      if (!probe) continue;
      const records = parseRecords((await session.ask(probe.script, 'detail', DETAIL_TIMEOUT_MS)).stdout.toString());
      for (const [index, { ref, work }] of probe.order.entries()) {
        const diff = work.kind.explain?.(work.spec, records[index]?.[0] ?? '');
        if (diff) diffs.set(ref, diff);
      }
    }
    const withDiff = ({ step, change }: PlannedStep): PlannedStep => ({
      step,
      change: change && diffs.has(step.ref) ? { ...change, diff: diffs.get(step.ref) } : change,
    });
    const steps = plan.steps.map(withDiff);
    return {
      steps,
      changes: steps.filter((planned): planned is PlannedStep & { change: Change } => planned.change !== undefined),
    };
  }

  /** Reasons not to begin; empty when all is well. */
  preflight(): string[] {
    const { roles, chosen } = this.#options;
    const candidates: Candidate[] = [...this.#sessions.values()].map(({ host, facts }) => ({
      host,
      facts,
      requirements: chosen.includes(host) ? requirementsOf(roles, host) : { ports: [], diskBytes: 0, memoryCgroup: false },
    }));
    return preflightFindings(candidates);
  }

  /** Does what the plan says. Every step gets an outcome; failures are in the result, not thrown. */
  async apply(plan: Plan): Promise<RunResult> {
    return this.#phase('apply', async () => {
      const graph = this.#graph;
      if (!graph) throw new TypeError('apply() needs plan() first');
      const board = new Board();
      for (const { to } of graph.outside)
        board.settle(
          to,
          this.#lost.has(hostOfRef(to)) ? { status: 'not-reached', reason: `${hostOfRef(to)} is lost` } : { status: 'skipped' },
        );
      const planned = new Set(plan.changes.map(({ step }) => step.ref));
      const hosts = [...graph.byHost.keys()];
      this.#options.emit({ type: 'host.work', hosts });
      await Promise.all(
        hosts.map(async (host) => {
          await this.#runner(host, graph, board, planned).run();
          this.#options.emit({ type: 'host.done', host });
        }),
      );
      return this.#result(board);
    });
  }

  #runner(host: string, graph: Graph, board: Board, planned: ReadonlySet<StepRef>): HostRunner {
    const { emit, signal, draining, fetchArtifact } = this.#options;
    const session = this.#sessions.get(host);
    return new HostRunner({
      host,
      graph,
      session,
      observations: this.#observations,
      board,
      emit,
      signal,
      draining: () => draining(),
      fetchArtifact,
      planned,
      context: this.#context(host),
    });
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
        const session = this.#sessions.get(name);
        if (!session) throw new HostLostError(`${name} is not connected in this run`, { host: name });
        return session.shell;
      },
      kube: () => this.kube.client(),
      report: (text) => emit({ type: 'fact', ...(host === CONTROL ? {} : { host }), text }),
    };
  }

  #result(board: Board): RunResult {
    const isInterrupted = this.#options.signal.aborted || this.#options.draining();
    return {
      changed: board.count('changed'),
      failed: board.count('failed'),
      notReached: board.count('not-reached'),
      exitCode: isInterrupted ? EXIT.interrupted : exitCodeOf(board, this.#lost.size > 0),
    };
  }

  async #phase<T>(phase: string, work: () => Promise<T>): Promise<T> {
    const { emit, signal } = this.#options;
    if (signal.aborted) throw new InterruptedError('the run was interrupted');
    const startedAt = performance.now();
    emit({ type: 'phase.start', phase });
    try {
      return await work();
    } finally {
      emit({ type: 'phase.end', phase, durationMs: performance.now() - startedAt });
    }
  }

  async close(): Promise<void> {
    const { emit } = this.#options;
    await this.kube.close();
    await Promise.all(
      [...this.#sessions.values()].map(async (session) => {
        await session.close();
        emit({ type: 'host.end', host: session.host.name, traffic: session.traffic, durationMs: 0 });
      }),
    );
  }
}

/** A lost host says most, then a failed step, then one whose verification failed. */
function exitCodeOf(board: Board, isHostLost: boolean): number {
  const codes = board.failureCodes;
  if (isHostLost || codes.has('E_HOST_LOST')) return EXIT.hostLost;
  if (codes.size === 0) return board.count('not-reached') > 0 ? EXIT.stepFailed : EXIT.done;
  return [...codes].every((code) => code === 'E_VERIFY') ? EXIT.verifyFailed : EXIT.stepFailed;
}

async function checkNow(step: Step, context: ActionContext): Promise<'done' | Change | 'later'> {
  if (step.work.type !== 'action') return 'done';
  try {
    return await step.work.check(context);
  } catch (error) {
    if (error instanceof PiclusterError && error.code === 'E_NO_API') return 'later';
    throw error;
  }
}

/** Refusals of machines stop the run before anything was changed; all of them are told at once. */
function throwIfRefused(errors: readonly unknown[]): void {
  for (const type of [PermissionError, LockedError]) {
    const refused = errors.filter((error): error is PiclusterError => error instanceof type);
    const [first] = refused;
    if (!first) continue;
    if (refused.length === 1) throw first;
    throw new type(refused.map((error) => `${error.host}: ${error.message}`).join('\n'), { hint: first.hint ?? '' });
  }
}

async function mapBounded<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
