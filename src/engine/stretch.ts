import type { StepRef } from '#src/role/step.ts';
import type { Step } from './graph.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';

/** Steps of a host that have no outcome for others yet. */
export interface Open {
  /** What they started must stay up, and is still watched. */
  readonly watched: ReadonlySet<StepRef>;
  /** Done meanwhile, and after those. */
  readonly held: ReadonlySet<StepRef>;
}

const NOTHING_OPEN: Open = { watched: new Set(), held: new Set() };

/**
 * The resource steps at the head of a host's list that can go out in one request: none of them waits for another host,
 * or for one that did not end well. A step of a pool goes alone.
 */
export function nextStretch(
  pending: readonly Step[],
  isDone: (ref: StepRef) => boolean,
  { watched, held }: Open = NOTHING_OPEN,
): ResourceStep[] {
  const stretch: ResourceStep[] = [];
  const members = new Set<StepRef>();
  const behind = new Set([...watched, ...held]);
  for (const step of pending) {
    if (!isResourceStep(step) || (watched.size > 0 && !goesOnMeanwhile(step, { watched, held: behind }))) break;
    if (step.pool !== undefined && stretch.length > 0) break;
    if (!step.after.every((ref) => members.has(ref) || behind.has(ref) || isDone(ref))) break;
    stretch.push(step);
    members.add(step.ref);
    if (step.after.some((ref) => behind.has(ref))) behind.add(step.ref);
    if (step.pool !== undefined) break;
  }
  return stretch;
}

/**
 * Does it go on while services of its host are watched? What stands just later in the list does, if it neither looks at what others do nor
 * may restart a service; services do side by side, where no list puts one after the other.
 */
export function goesOnMeanwhile(step: Step, { watched, held }: Open): boolean {
  if (!isResourceStep(step) || step.pool !== undefined || step.needs.some((ref) => watched.has(ref))) return false;
  const { kind } = step.work;
  if (kind.watch) return !step.after.some((ref) => watched.has(ref) || held.has(ref));
  return !kind.disturbs && !kind.isSensitive && !kind.reboots;
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
