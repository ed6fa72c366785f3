import type { StepRef } from '#src/role/step.ts';
import type { Step } from './graph.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';

/**
 * The resource steps at the head of a host's list that can go out in one request: none of them waits for another host,
 * or for one that did not end well. A step of a pool goes alone.
 */
export function nextStretch(pending: readonly Step[], isDone: (ref: StepRef) => boolean): ResourceStep[] {
  const stretch: ResourceStep[] = [];
  const members = new Set<StepRef>();
  for (const step of pending) {
    if (!isResourceStep(step)) break;
    if (step.pool !== undefined && stretch.length > 0) break;
    if (!step.after.every((ref) => members.has(ref) || isDone(ref))) break;
    stretch.push(step);
    members.add(step.ref);
    if (step.pool !== undefined) break;
  }
  return stretch;
}

/**
 * Cuts where what was observed no longer holds: after the first changed step that may change what later ones see, and before one that looks
 * at what others do, once something before it changed.
 */
export function untilDisturbed(
  stretch: readonly ResourceStep[],
  isChanged: (step: ResourceStep) => boolean,
): readonly ResourceStep[] {
  let hasChanged = false;
  for (const [index, step] of stretch.entries()) {
    if (hasChanged && step.work.kind.isSensitive) return stretch.slice(0, index);
    if (!isChanged(step)) continue;
    if (step.work.kind.disturbs) return stretch.slice(0, index + 1);
    hasChanged = true;
  }
  return stretch;
}

/** Cuts before the first step that the plan does not allow. */
export function untilUnplanned(
  stretch: readonly ResourceStep[],
  isAllowed: (step: ResourceStep) => boolean,
): readonly ResourceStep[] {
  const at = stretch.findIndex((step) => !isAllowed(step));
  return at < 0 ? stretch : stretch.slice(0, at);
}
