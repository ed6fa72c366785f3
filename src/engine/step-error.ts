import { PiclusterError, StepFailedError, VerifyError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { Step } from './graph.ts';

/** Any failure as one of this step, so that it names step and host. */
export function asStepError(error: unknown, step: Step): PiclusterError {
  if (error instanceof PiclusterError)
    return Object.assign(error, { step: error.step ?? step.ref, host: error.host ?? step.host });
  const message = error instanceof Error ? error.message : String(error);
  return new StepFailedError(`${step.title}: ${message}`, { host: step.host, step: step.ref, cause: error });
}

/** The step ran, and a new look still sees a difference. */
export function notAsItShouldBe(step: Step, left: Change): VerifyError {
  const fields = left.fields.map(
    ({ field, before, after }) => `${field}: is ${before ?? 'absent'}, should be ${after ?? 'absent'}`,
  );
  return new VerifyError(`${step.title} ran, and is still not as it should be`, {
    host: step.host,
    step: step.ref,
    output: fields.join('\n'),
    hint: 'something on the machine sets it back, or overrides it',
  });
}

/** A kept plan does not say that this changes, so it is not done. */
export const notInThePlan = (step: Step): StepFailedError =>
  new StepFailedError(`${step.title}: would change, and the plan does not say so`, {
    host: step.host,
    step: step.ref,
    hint: 'an earlier step made it necessary, or the machine has changed meanwhile: make a new plan',
  });
