import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Role } from '#src/role/role.ts';
import type { Emit } from './events.ts';
import { buildGraph, type Graph, type RoleSteps, type Step } from './graph.ts';
import { keepFacts } from './kept-facts.ts';
import { isResourceStep, type Observations, type ResourceStep } from './observe.ts';
import { roleSteps } from './role-steps.ts';
import type { HostSession } from './session.ts';

export interface ObserverOptions {
  readonly cluster: Cluster;
  readonly roles: readonly Role[];
  readonly chosen: readonly Host[];
  readonly initServer: Host | undefined;
  readonly stateDirectory: string;
  readonly emit: Emit;
}

/** Looks at the hosts of a run as they come, and remembers what was seen. */
export class Observer {
  readonly observations: Observations = new Map();
  readonly #options: ObserverOptions;
  readonly #lists = new WeakMap<Facts, RoleSteps[]>();
  /** Facts by which hosts were looked at: new ones, after a reboot, ask for a new look. */
  readonly #looked = new WeakSet<Facts>();

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** What the roles ask of a host by its present facts; made once for each. */
  stepsOf({ host, facts }: HostSession): RoleSteps[] {
    const { roles, cluster } = this.#options;
    const lists = this.#lists.get(facts) ?? roleSteps(roles, cluster, host, facts);
    this.#lists.set(facts, lists);
    return lists;
  }

  /** Observes a host as soon as it is there. One that is as it should be is let go: open connections do not grow with the number of hosts. */
  async look(session: HostSession): Promise<void> {
    const { chosen, initServer } = this.#options;
    const steps = chosen.includes(session.host) ? this.#ownSteps(session) : undefined;
    if (!steps) return;
    const resources = steps.filter(isResourceStep);
    const changes = await this.#observe(session, resources);
    this.#looked.add(session.facts);
    // An action may need the host at any time, and the way to the API leads through the init server.
    if (changes === 0 && resources.length === steps.length && session.host !== initServer) await session.rest();
  }

  /** Observes those that were not looked at yet, once the whole graph is known. */
  async lookAgain(sessions: readonly HostSession[], graph: Graph): Promise<void> {
    const left = sessions.filter((session) => !this.#looked.has(session.facts));
    await Promise.all(
      left.map((session) => this.#observe(session, (graph.byHost.get(session.host.name) ?? []).filter(isResourceStep))),
    );
  }

  /** Undefined when the roles do not fit together: building the graph of all hosts says so. */
  #ownSteps(session: HostSession): Step[] | undefined {
    try {
      return [...buildGraph(this.stepsOf(session)).steps.values()];
    } catch {
      return undefined;
    }
  }

  /** Returns how many of the steps would change something. */
  async #observe(session: HostSession, steps: readonly ResourceStep[]): Promise<number> {
    const startedAt = performance.now();
    const seen = await session.observe(steps);
    for (const [ref, state] of seen) this.observations.set(ref, state);
    if (!session.wasForeseen) await keepFacts(this.#options.stateDirectory, session.host.name, session);
    const changes = steps.filter(({ ref, work }) => work.kind.diff(work.spec, seen.get(ref), session.facts)).length;
    this.#options.emit({
      type: 'host.observed',
      host: session.host.name,
      steps: steps.length,
      changes,
      durationMs: performance.now() - startedAt,
    });
    return changes;
  }
}
