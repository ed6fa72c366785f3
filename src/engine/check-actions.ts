import { PiclusterError } from '#src/errors.ts';
import type { Change } from '#src/resource/kind.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Graph, Step } from './graph.ts';

export type CheckResult = 'done' | Change | 'later';

/** What every action says of itself now; nothing is changed. What waits for a `later` is `later` too, and is not asked. */
export async function checkActions(graph: Graph, contextOf: (host: string) => ActionContext): Promise<Map<StepRef, CheckResult>> {
  const checks = new Map<StepRef, CheckResult>();
  for (const steps of graph.byHost.values()) {
    for (const step of steps) {
      if (step.work.type !== 'action') continue;
      const isEarly = step.after.some((ref) => checks.get(ref) === 'later');
      checks.set(step.ref, isEarly ? 'later' : await checkAction(step, contextOf(step.host)));
    }
  }
  return checks;
}

/** `later` also when there is no Kubernetes API to ask. */
export async function checkAction(step: Step, context: ActionContext): Promise<CheckResult> {
  if (step.work.type !== 'action') return 'done';
  try {
    return await step.work.check(context);
  } catch (error) {
    if (error instanceof PiclusterError && error.code === 'E_NO_API') return 'later';
    throw error;
  }
}
