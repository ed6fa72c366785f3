import type { EdgeEnd, ExtraEdge } from '#src/role/edge.ts';
import { type StepRef, stepRef } from '#src/role/step.ts';
import type { Step } from './graph.ts';

/**
 * What the operator's edges add to each step, by ref. Pure. An end that no host of the graph plays adds nothing, except a host that is not in
 * the graph: its step is named all the same, so that whoever builds the graph knows that something outside is needed.
 */
export function extraPredecessors(steps: ReadonlyMap<StepRef, Step>, edges: readonly ExtraEdge[]): Map<StepRef, StepRef[]> {
  const added = new Map<StepRef, StepRef[]>();
  const hosts = new Set([...steps.values()].map(({ host }) => host));
  for (const { from, to } of edges) {
    for (const host of from.hosts ?? hosts) {
      const isItself = (other: string): boolean => other === host && from.role === to.role && !(from.step && to.step);
      const first = from.step === undefined ? edgeOfRole(steps, from.role, host, 'first') : found(steps, from, host);
      for (const ref of first) {
        const last = (to.hosts ?? [host])
          .filter((other) => !isItself(other))
          .flatMap((other) => lastOf(steps, to, other, hosts.has(other)));
        added.set(ref, [...(added.get(ref) ?? []), ...last.filter((other) => other !== ref)]);
      }
    }
  }
  return added;
}

/** Steps that edges name and no host has although it plays the role: a slip of the pen. */
export function unknownEnds(steps: ReadonlyMap<StepRef, Step>, edges: readonly ExtraEdge[]): string[] {
  const all = [...steps.values()];
  return edges
    .flatMap(({ from, to }) => [from, to])
    .flatMap(({ role, step }) => {
      const names = all.filter((candidate) => candidate.role === role).map(({ name }) => name);
      if (step === undefined || names.length === 0 || names.includes(step)) return [];
      return [`after: in cluster.yaml names ${role}/${step}; the role's steps are ${[...new Set(names)].join(', ')}`];
    });
}

const found = (steps: ReadonlyMap<StepRef, Step>, { role, step = '' }: EdgeEnd, host: string): StepRef[] =>
  steps.has(stepRef(role, step, host)) ? [stepRef(role, step, host)] : [];

function lastOf(steps: ReadonlyMap<StepRef, Step>, end: EdgeEnd, host: string, isInGraph: boolean): StepRef[] {
  if (!isInGraph) return [stepRef(end.role, end.step ?? '*', host)];
  return end.step === undefined ? edgeOfRole(steps, end.role, host, 'last') : found(steps, end, host);
}

/** The steps of a role on a host that wait for none of it (first), or for which none of it waits (last). */
function edgeOfRole(steps: ReadonlyMap<StepRef, Step>, role: string, host: string, which: 'first' | 'last'): StepRef[] {
  const own = [...steps.values()].filter((step) => step.role === role && step.host === host);
  const refs = new Set(own.map(({ ref }) => ref));
  if (which === 'first') return own.filter(({ after }) => !after.some((ref) => refs.has(ref))).map(({ ref }) => ref);
  const awaited = new Set(own.flatMap(({ after }) => after));
  return own.filter(({ ref }) => !awaited.has(ref)).map(({ ref }) => ref);
}
