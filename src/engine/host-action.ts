import { InterruptedError, StepFailedError, VerifyError } from '#src/errors.ts';
import { lossBehind } from './going-down.ts';
import type { Step } from './graph.ts';
import type { HostWork } from './host-work.ts';
import { asStepError, notInThePlan } from './step-error.ts';

/** Does one action of a host, if its check says that it is to be done. Rejects when the host is lost or the run stopped. */
export async function runAction(step: Step, work: HostWork): Promise<void> {
  const { options, steps, begun, view } = work;
  const { emit, host } = options;
  const action = step.work;
  if (action.type !== 'action') return;
  const context = action.isWait ? { ...options.context, signal: work.stop } : options.context;
  const startedAt = performance.now();
  try {
    const before = await action.check(context);
    if (before === 'done') return work.settleRight(step);
    if (!view.isAllowed(step.ref)) return steps.settle(step, 'failed', { error: notInThePlan(step) });
    if (step.pool && !(await work.enter(step, step.pool))) return;
    const change = before === 'later' ? action.planned : before;
    if (!(await work.hooks.before(step, change))) return;
    emit({ type: 'step.start', host, step: step.ref, title: step.title });
    begun.add(step.ref);
    await action.run(context);
    if ((await action.check(context)) !== 'done')
      throw new VerifyError(`${step.title}: ran, and its own check does not say done`, { host, step: step.ref });
    view.isStale = true;
    steps.settle(step, 'changed', { change, durationMs: performance.now() - startedAt });
  } catch (error) {
    await settleFailed(error, step, work, startedAt);
  }
}

async function settleFailed(error: unknown, step: Step, { options, steps, losses }: HostWork, startedAt: number): Promise<void> {
  const { session, draining, signal } = options;
  if (step.work.type !== 'action') return;
  if (step.work.isWait && draining.aborted)
    throw new InterruptedError(`interrupted while ${step.title.replace(/^wait /, 'waiting ')}`);
  if (signal.aborted || losses.isOurs(error) || error instanceof InterruptedError) throw error;
  if (await losses.isBack(error)) return;
  const failure = asStepError(error, step);
  const loss = session && (await lossBehind(failure, session, failure instanceof StepFailedError));
  if (loss) throw loss;
  steps.settle(step, 'failed', { error: failure, change: step.work.planned, durationMs: performance.now() - startedAt });
}
