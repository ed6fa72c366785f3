import type { Emit } from '#src/engine/events.ts';
import type { Plan } from '#src/engine/plan.ts';
import type { Run } from '#src/engine/run.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { EXIT, RefusedError } from '#src/errors.ts';
import { confirm, questionFor } from './confirm.ts';
import type { ExecuteOptions } from './execute.ts';
import { type PlanSummary, planFooter, resultFooter } from './footer.ts';
import type { RunHooks } from './hooks.ts';

/** Observes, shows, and unless it is a mere plan: asks, and does it. */
export async function planAndApply(
  engine: Run,
  options: ExecuteOptions,
  { cluster, emit, hooks }: { cluster: string; emit: Emit; hooks: RunHooks },
): Promise<RunResult> {
  await engine.connect();
  const plan = await engine.plan();
  const planned = plan.changes.length;
  const isText = options.output === 'text';
  const summary = { ...summaryOf(plan, [...engine.lost.keys()]), hooks: hooks.planned(plan) };
  if (isText) process.stdout.write(planFooter(summary));
  const findings = engine.preflight();
  if (options.command === 'plan' || planned === 0) {
    for (const text of planned === 0 ? [] : findings) emit({ type: 'warning', text });
    const exitCode = options.detailedExitcode && planned > 0 ? EXIT.changed : EXIT.done;
    return { changed: 0, failed: 0, notReached: 0, exitCode: engine.lost.size > 0 ? EXIT.hostLost : exitCode };
  }
  if (findings.length > 0) throw new RefusedError('the machines are not ready; nothing was changed', findings);
  if (!options.isConfirmed && !(await confirm(questionFor(summary, cluster))))
    return { changed: 0, failed: 0, notReached: planned, exitCode: EXIT.interrupted };
  await hooks.beforeCommand();
  const result = await hooks.afterCommand(await engine.apply(plan));
  if (isText) process.stdout.write(resultFooter(planned, result));
  const isChanged = result.exitCode === EXIT.done && options.detailedExitcode && result.changed > 0;
  return isChanged ? { ...result, exitCode: EXIT.changed } : result;
}

const summaryOf = ({ changes, steps }: Plan, lost: readonly string[]): PlanSummary => ({
  changes: changes.map(({ step: { host }, change }) => ({ host, change })),
  steps: steps.length,
  lost,
});
