import type { Facts } from '#src/facts/facts.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import { knownAfter } from './certainty.ts';
import type { CheckResult } from './check-actions.ts';
import type { Graph, Step } from './graph.ts';
import { isResourceStep, type Observations } from './observe.ts';

/** What an action's check said while planning. */
export type ActionChecks = ReadonlyMap<StepRef, CheckResult>;

export interface PlannedStep {
  readonly step: Step;
  readonly change: Change | undefined;
  /** What it was decided from: a kind's state, or what an action's check said. */
  readonly observed: unknown;
}

export type PlannedChange = PlannedStep & { readonly change: Change };

const isPlanned = (planned: PlannedStep): planned is PlannedChange => planned.change !== undefined;

export interface Plan {
  /** In the order of the hosts and of their steps. */
  readonly steps: readonly PlannedStep[];
  readonly changes: readonly PlannedChange[];
  /** Steps that were not chosen: looked at, never done. */
  readonly skipped: readonly PlannedStep[];
}

/** Pure: graph and observations to changes. A step that restarts for an input is planned when the input is. Steps that are not chosen go to `skipped`. */
export function makePlan(
  graph: Graph,
  observations: Observations,
  checks: ActionChecks,
  factsOf: (host: string) => Facts | undefined,
  isChosen: (step: Step) => boolean = () => true,
): Plan {
  const changed = new Map<StepRef, PlannedChange>();
  const steps: PlannedStep[] = [];
  for (const step of inOrder(graph)) {
    const change = plannedChange(step, observations, checks, factsOf(step.host), changed);
    const observed = isResourceStep(step) ? observations.get(step.ref) : checks.get(step.ref);
    const planned = { step, change: change && marked(step, change, changed), observed };
    if (isPlanned(planned) && isChosen(step)) changed.set(step.ref, planned);
    steps.push(planned);
  }
  return planOf(
    steps.filter(({ step }) => isChosen(step)),
    steps.filter(({ step }) => !isChosen(step)),
  );
}

/** The change with what its step knows of it: what is lost, what to know beforehand, and whether it may have come true by then. */
function marked(step: Step, change: Change, changed: ReadonlyMap<StepRef, PlannedChange>): Change {
  const earlier = knownAfter(step, change, changed);
  const destructive = change.destructive ?? step.destructive;
  const note = change.note ?? step.note;
  return {
    ...change,
    ...(note ? { note } : {}),
    ...(destructive ? { destructive } : {}),
    ...(earlier ? { knownAfter: earlier } : {}),
  };
}

export function planOf(steps: readonly PlannedStep[], skipped: readonly PlannedStep[] = []): Plan {
  return { steps, skipped, changes: steps.filter(isPlanned) };
}

/** Steps such that a step comes after everything it waits for. */
export function inOrder(graph: Graph): Step[] {
  const seen = new Set<StepRef>();
  const ordered: Step[] = [];
  const visit = (step: Step): void => {
    if (seen.has(step.ref)) return;
    seen.add(step.ref);
    for (const ref of step.after) {
      const before = graph.steps.get(ref);
      if (before) visit(before);
    }
    ordered.push(step);
  };
  for (const steps of graph.byHost.values()) for (const step of steps) visit(step);
  return ordered;
}

function plannedChange(
  step: Step,
  observations: Observations,
  checks: ActionChecks,
  facts: Facts | undefined,
  changed: ReadonlyMap<StepRef, PlannedChange>,
): Change | undefined {
  if (isResourceStep(step)) {
    if (!facts || !observations.has(step.ref)) return undefined;
    return resourceChange(step, observations.get(step.ref), facts, changed);
  }
  if (step.work.type !== 'action') return undefined;
  const check = checks.get(step.ref);
  if (check === undefined || check === 'later') return step.work.planned;
  if (check !== 'done') return check;
  const disturbed = step.after.some((ref) => isUnsettling(changed.get(ref)?.step));
  return disturbed ? { ...step.work.planned, note: 'right now, and looked at again afterwards' } : undefined;
}

/** A service that restarts and an action that runs may undo what a later action waits for. */
const isUnsettling = (step: Step | undefined): boolean => step?.work.type === 'action' || step?.work.kind.restart !== undefined;

/** The difference of one resource step, with the restart that a changed input asks for. */
export function resourceChange(
  step: Step,
  state: unknown,
  facts: Facts,
  changed: { has(ref: StepRef): boolean },
): Change | undefined {
  if (!isResourceStep(step)) return undefined;
  const { kind, spec } = step.work;
  const change = kind.diff(spec, state, facts);
  if (change || !kind.restart) return change;
  return step.restartOn.some((ref) => changed.has(ref)) ? kind.restart(spec, state) : undefined;
}
