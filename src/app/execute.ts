import type { Cluster } from '#src/cluster/cluster.ts';
import type { EngineEvent } from '#src/engine/events.ts';
import { hostLock } from '#src/engine/lock.ts';
import type { Plan } from '#src/engine/plan.ts';
import { Run } from '#src/engine/run.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { EXIT, PiclusterError, RefusedError, UsageError } from '#src/errors.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import { confirm } from './confirm.ts';
import { connector } from './connector.ts';
import { controlSteps } from './control-steps.ts';
import { planFooter, resultFooter } from './footer.ts';
import { initServerOf } from './init-server.ts';
import { type OpenedCluster, openCluster } from './open-cluster.ts';
import { RunRecord } from './run-record.ts';
import { type Interrupts, listenForInterrupts } from './signals.ts';
import { summary } from './summary.ts';

export interface ExecuteOptions {
  command: 'plan' | 'apply' | 'bootstrap';
  cluster?: string;
  set: string[];
  limit?: string;
  output: OutputFormat;
  diff: boolean;
  detailedExitcode?: boolean;
  /** --yes was given. */
  isConfirmed: boolean;
  /** Where bootstrap writes the kubeconfig; undefined: merged into the user's. */
  kubeconfig: string | undefined;
}

const NOTHING_DONE: RunResult = { changed: 0, failed: 0, notReached: 0, exitCode: EXIT.done };

/** plan, apply and bootstrap are one thing that stops earlier or later. Returns the exit code; throws PiclusterError. */
export async function execute(options: ExecuteOptions): Promise<number> {
  refuseToAskNobody(options);
  const opened = await openCluster(options);
  const { cluster, artifacts, chosen, warnings } = opened;
  const state = await stateDirectory(cluster);
  const record = await RunRecord.open(state, cluster, options.output, { showDiffs: options.diff });
  const interrupts = listenForInterrupts((text) => record.emit({ type: 'warning', text }));
  const engine = makeRun(options, opened, { state, record, interrupts });

  let result = NOTHING_DONE;
  try {
    await record.start(options.command, cluster, chosen);
    for (const text of warnings) record.emit({ type: 'warning', text });
    await artifacts.prepare(interrupts.signal, (text) => record.emit({ type: 'fact', text }));
    result = await planAndApply(engine, options, record.emit);
    await showSummary(engine, options, cluster, record, result);
  } catch (error) {
    result = { ...result, exitCode: error instanceof PiclusterError ? error.exitCode : EXIT.bug };
    throw error;
  } finally {
    await engine.close();
    await record.end(result);
    interrupts.dispose();
  }
  return result.exitCode;
}

function refuseToAskNobody({ command, isConfirmed }: ExecuteOptions): void {
  if (command === 'plan' || isConfirmed || process.stdin.isTTY) return;
  throw new UsageError(`${command} asks before it changes anything, and there is no terminal to ask on`, {
    hint: 'give --yes, or look first with: picluster plan',
  });
}

interface RunParts {
  state: string;
  record: RunRecord;
  interrupts: Interrupts;
}

function makeRun(
  options: ExecuteOptions,
  { cluster, roles, chosen, artifacts }: OpenedCluster,
  { state, record, interrupts }: RunParts,
): Run {
  const { command, kubeconfig } = options;
  const { signal } = interrupts;
  return new Run({
    cluster,
    roles,
    chosen,
    initServer: initServerOf(cluster),
    stateDirectory: state,
    lock: command === 'plan' ? undefined : hostLock(record.name, command, new Date()),
    connect: connector(state, record.emit),
    emit: record.emit,
    signal,
    draining: () => interrupts.draining(),
    fetchArtifact: artifacts.fetch,
    ...(command === 'bootstrap' ? { control: controlSteps({ cluster, artifacts, kubeconfig, signal }) } : {}),
  });
}

async function showSummary(
  engine: Run,
  options: ExecuteOptions,
  cluster: Cluster,
  record: RunRecord,
  { exitCode }: RunResult,
): Promise<void> {
  const isGood = exitCode === EXIT.done || exitCode === EXIT.changed;
  if (options.command !== 'bootstrap' || options.output !== 'text' || !isGood || !initServerOf(cluster)) return;
  await record.flush();
  const hasGitOps = cluster.gitops !== undefined;
  process.stdout.write(
    await summary({
      kube: await engine.kube(),
      timings: record.timings,
      hasGitOps,
      context: cluster.name,
      kubeconfig: options.kubeconfig,
    }),
  );
}

async function planAndApply(engine: Run, options: ExecuteOptions, emit: (event: EngineEvent) => void): Promise<RunResult> {
  await engine.connect();
  const plan = await engine.plan();
  const isText = options.output === 'text';
  const lost = engine.lost.size > 0;
  if (isText) process.stdout.write(planFooter(plan, [...engine.lost.keys()]));
  const findings = engine.preflight();
  const changedExit = options.detailedExitcode && plan.changes.length > 0 ? EXIT.changed : EXIT.done;
  if (options.command === 'plan' || plan.changes.length === 0) {
    for (const text of plan.changes.length === 0 ? [] : findings) emit({ type: 'warning', text });
    return { changed: 0, failed: 0, notReached: 0, exitCode: lost ? EXIT.hostLost : changedExit };
  }
  if (findings.length > 0) throw new RefusedError('the machines are not ready; nothing was changed', findings);
  if (!options.isConfirmed && !(await confirm(question(plan))))
    return { changed: 0, failed: 0, notReached: plan.changes.length, exitCode: EXIT.interrupted };
  const result = await engine.apply(plan);
  if (isText) process.stdout.write(resultFooter(plan, result));
  return result.exitCode === EXIT.done && options.detailedExitcode && result.changed > 0
    ? { ...result, exitCode: EXIT.changed }
    : result;
}

const question = (plan: Plan): string => `Do these ${plan.changes.length} changes? Type yes: `;
