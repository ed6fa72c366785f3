import type { LoadedCluster } from '#src/cluster/loaded.ts';
import type { Emit } from '#src/engine/events.ts';
import type { Plan } from '#src/engine/plan.ts';
import type { Run } from '#src/engine/run.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { EXIT, RefusedError } from '#src/errors.ts';
import type { PlanDocument } from '#src/plan/document.ts';
import { writePlan } from '#src/plan/file.ts';
import type { Unfinished } from '#src/report/unfinished.ts';
import { confirm, questionFor } from './confirm.ts';
import type { ExecuteOptions } from './execute.ts';
import { type PlanSummary, planFooter, resultFooter } from './footer.ts';
import type { RunHooks } from './hooks.ts';
import { documentOf, refuseStale } from './kept-plan.ts';
import { tellResumed } from './resume.ts';
import { skippedLines } from './skipped.ts';

export interface PlanContext {
  readonly cluster: LoadedCluster;
  /** Names of the chosen hosts. */
  readonly chosen: readonly string[];
  readonly emit: Emit;
  readonly hooks: RunHooks;
  /** The plan that is to be done: nothing else is. */
  readonly kept: PlanDocument | undefined;
  /** The unfinished run that this one goes on with. */
  readonly resumed: Unfinished | undefined;
  /** Ends what moves on the terminal. */
  flush(): Promise<void>;
}

/** Observes, shows, and unless it is a mere plan: asks, and does it. */
export async function planAndApply(engine: Run, options: ExecuteOptions, context: PlanContext): Promise<RunResult> {
  const { cluster, emit, hooks } = context;
  await engine.connect();
  const plan = await engine.plan();
  await bindToDocument(engine, plan, options, context);
  if (context.resumed) tellResumed(context.resumed, plan, cluster, emit);
  const planned = plan.changes.length;
  const isText = options.output === 'text';
  const summary = { ...summaryOf(plan, [...engine.lost.keys()]), hooks: hooks.planned(plan) };
  if (isText) process.stdout.write(planFooter(summary));
  const findings = engine.preflight(plan);
  if (options.command === 'plan' || planned === 0) {
    for (const text of planned === 0 ? [] : findings) emit({ type: 'warning', text });
    const exitCode = options.detailedExitcode && planned > 0 ? EXIT.changed : EXIT.done;
    return { changed: 0, failed: 0, notReached: 0, exitCode: engine.lost.size > 0 ? EXIT.hostLost : exitCode };
  }
  if (findings.length > 0) throw new RefusedError('the machines are not ready; nothing was changed', findings);
  if (!options.isConfirmed && !(await confirm(questionFor(summary, cluster.name))))
    return { changed: 0, failed: 0, notReached: planned, exitCode: EXIT.interrupted };
  await hooks.beforeCommand();
  const result = await hooks.afterCommand(await engine.apply(plan));
  await context.flush();
  if (isText) process.stdout.write(resultFooter(planned, result));
  if (isText && result.failed + result.notReached > 0)
    process.stdout.write(`go on with: picluster ${options.command} --resume\n`);
  const isChanged = result.exitCode === EXIT.done && options.detailedExitcode && result.changed > 0;
  return isChanged ? { ...result, exitCode: EXIT.changed } : result;
}

/** Keeps the plan, or holds it to the one that was kept; and says what was left out. */
async function bindToDocument(engine: Run, plan: Plan, options: ExecuteOptions, context: PlanContext): Promise<void> {
  const { cluster, chosen, emit, kept } = context;
  const hosts = cluster.hosts.map(({ name }) => name).filter((name) => !chosen.includes(name));
  for (const text of skippedLines(plan, { hosts, nameAll: options.showSkipped ?? false })) emit({ type: 'fact', text });
  if (!kept && options.out === undefined) return;
  const document = await documentOf(engine, plan, options, context);
  if (kept) refuseStale(kept, document, emit);
  if (options.out === undefined) return;
  await writePlan(options.out, document);
  emit({ type: 'fact', text: `the plan is kept in ${options.out}` });
}

const summaryOf = ({ changes, steps }: Plan, lost: readonly string[]): PlanSummary => ({
  changes: changes.map(({ step: { host }, change }) => ({ host, change })),
  steps: steps.length,
  lost,
});
