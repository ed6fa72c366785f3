import type { StepFailedError } from '#src/errors.ts';
import type { Apply, Change } from '#src/resource/kind.ts';
import type { Script } from '#src/shell/script.ts';
import type { ResourceStep } from './observe.ts';

/** A resource step that is to be changed, with the script that does it. */
export interface Task {
  readonly step: ResourceStep;
  readonly change: Change;
  readonly apply: Apply;
  /** Put before the apply: forgets the stamps of services that have to be restarted for it. */
  readonly forget: readonly Script[];
}

export interface TaskResult {
  readonly step: ResourceStep;
  readonly change: Change;
  readonly durationMs: number;
  readonly error?: StepFailedError;
  /** The failure is none that the step's own commands chose: they were killed, or what was sent to them was cut off. */
  readonly wasCutOff?: boolean;
  /** It began, and its end was not heard. */
  readonly isCut?: boolean;
}
