import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { RefusedError } from '#src/errors.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { Role } from '#src/role/role.ts';
import type { StepRef } from '#src/role/step.ts';
import { checkAction } from './check-actions.ts';
import type { Fleet } from './fleet.ts';
import { buildGraph, type Graph, hostOfRef, type Step } from './graph.ts';
import { isResourceStep } from './observe.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { roleSteps } from './role-steps.ts';
import { predecessors } from './selection.ts';
import type { HostSession } from './session.ts';

export interface UnmetOptions {
  readonly cluster: Cluster;
  readonly roles: readonly Role[];
  readonly chosen: readonly Host[];
  readonly fleet: Fleet;
  context(host: string): ActionContext;
}

/**
 * What the changes wait for on hosts and among steps that were not chosen is checked, never run.
 * Throws RefusedError naming all of it that is not done.
 */
export async function refuseUnmet(graph: Graph, plan: Plan, options: UnmetOptions): Promise<void> {
  if (plan.skipped.length === 0 && graph.outside.length === 0) return;
  const changing = plan.changes.map(({ step }) => step.ref);
  const before = predecessors(graph, changing);
  const isOpen = ({ step, change, observed }: PlannedStep): boolean =>
    before.has(step.ref) && change !== undefined && observed !== 'done';
  const findings = [
    ...plan.skipped
      .filter(isOpen)
      .map(({ step, change }) => `${step.ref} was not chosen and is not done${change?.knownAfter ? ' yet' : ''}`),
    ...(await unmetOutside(graph, before.union(new Set(changing)), options)),
  ];
  if (findings.length === 0) return;
  throw new RefusedError('what was chosen needs other things done first; nothing was changed', findings, {
    hint: 'choose them too, or do them first: run without --limit, --role, --step and --tags',
  });
}

/** Edges of the given steps to hosts that were not chosen, whose end is not done. */
async function unmetOutside(graph: Graph, of: ReadonlySet<StepRef>, options: UnmetOptions): Promise<string[]> {
  const { cluster, roles, chosen, fleet } = options;
  const findings: string[] = [];
  for (const { from, to } of graph.outside) {
    const host = hostOfRef(to);
    if (!of.has(from) || fleet.lost.has(host) || chosen.some(({ name }) => name === host)) continue;
    const session = fleet.session(host);
    const step = session && buildGraph(roleSteps(roles, cluster, session.host, session.facts)).steps.get(to);
    if (!step || !(await isDone(step, session, options))) findings.push(`${from} needs ${to}, which is not done`);
  }
  return findings;
}

async function isDone(step: Step, session: HostSession, { context }: UnmetOptions): Promise<boolean> {
  if (!isResourceStep(step)) return (await checkAction(step, context(step.host))) === 'done';
  const state = (await session.observe([step])).get(step.ref);
  return step.work.kind.diff(step.work.spec, state, session.facts) === undefined;
}
