import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Step } from './graph.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';
import type { PlannedChange } from './plan.ts';

type Changed = ReadonlyMap<StepRef, PlannedChange>;

/**
 * The planned step after which it is known whether this one still has something to do; undefined when it certainly has. Pure.
 * `changed` holds what is planned so far, in order. A run does every certain step, and of the others those that are not right by then.
 */
export function knownAfter(step: Step, change: Change, changed: Changed): StepRef | undefined {
  // Only its own check says, once what it looks at is there.
  if (!isResourceStep(step)) return step.after.findLast((ref) => changed.has(ref)) ?? nearest(step, changed, () => true);
  const { kind } = step.work;
  if (kind.restart && step.restartOn.length > 0) return ofRestart(step, changed);
  if (kind.isSensitive) return nearest(step, changed, ({ step: other }) => (kind.restart ? isUnsettling(other) : true));
  const isMade = kind.comesWithOthers && change.action === 'create';
  return isMade ? nearest(step, changed, ({ step: other }) => other.role === step.role && isBringer(other)) : undefined;
}

/** A service is started anew for every input that certainly changes: what started it in between did not leave our stamp. */
function ofRestart(step: ResourceStep, changed: Changed): StepRef | undefined {
  const inputs = step.restartOn.filter((ref) => changed.has(ref));
  if (inputs.some((ref) => !changed.get(ref)?.change.knownAfter)) return undefined;
  return inputs.at(-1) ?? nearest(step, changed, ({ step: other }) => isUnsettling(other));
}

/** What may start a service: a package, another service, a command. Files do not. */
const isUnsettling = ({ work }: Step): boolean => work.type === 'action' || work.kind.disturbs;

const isBringer = (step: Step): boolean => isResourceStep(step) && step.work.kind.bringsOthers;

const nearest = (step: Step, changed: Changed, fits: (other: PlannedChange) => boolean): StepRef | undefined =>
  [...changed.values()].findLast((other) => other.step.host === step.host && fits(other))?.step.ref;
