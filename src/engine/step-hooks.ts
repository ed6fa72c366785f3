import type { Change } from '#src/resource/kind.ts';
import type { StepStatus } from './events.ts';
import type { Step } from './graph.ts';
import type { ResourceStep } from './observe.ts';

/** A step with how it ended. */
export interface SettledStep {
  readonly step: Step;
  readonly status: StepStatus;
}

/** What the operator runs around steps. Nothing is called for steps that are as they should be. */
export interface StepHooks {
  /** Something is to run right before or after this step if it changes: then it goes alone. */
  isAround(step: Step): boolean;
  /** Rejects with PiclusterError when the step must not be done. */
  before(step: Step, change: Change): Promise<void>;
  /** Steps of a host that have just ended, and those that are still to come there. Rejects with PiclusterError when the host must not go on. */
  after(ended: readonly SettledStep[], pending: readonly Step[]): Promise<void>;
}

/** Cuts so that a changed step with hooks is the only one that changes: after it when it is the first, else before it. */
export function untilHooked(
  stretch: readonly ResourceStep[],
  isChanged: (step: ResourceStep) => boolean,
  isHooked: (step: ResourceStep) => boolean,
): readonly ResourceStep[] {
  const first = stretch.findIndex(isChanged);
  const hooked = stretch.findIndex((step) => isChanged(step) && isHooked(step));
  if (hooked < 0) return stretch;
  return stretch.slice(0, hooked === first ? hooked + 1 : hooked);
}
