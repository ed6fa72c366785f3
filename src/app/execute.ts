import type { Cluster } from '#src/cluster/cluster.ts';
import { hostLock } from '#src/engine/lock.ts';
import { Run } from '#src/engine/run.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { refuseUnknown } from '#src/engine/selection.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { EXIT, PiclusterError, UsageError } from '#src/errors.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import { connector } from './connector.ts';
import { CONTROL_ROLES, controlSteps } from './control-steps.ts';
import { type RunHooks, runHooks } from './hooks.ts';
import { initServerOf } from './init-server.ts';
import { askedAsThen, hostsOfPlan, keptPlan } from './kept-plan.ts';
import { type OpenedCluster, openCluster } from './open-cluster.ts';
import { planAndApply } from './plan-and-apply.ts';
import { askedAgain, askedOf, runToResume } from './resume.ts';
import { RunRecord } from './run-record.ts';
import { type Interrupts, listenForInterrupts } from './signals.ts';

export interface ExecuteOptions {
  command: 'plan' | 'apply' | 'bootstrap';
  cluster?: string;
  set: string[];
  limit?: string;
  askBecomePass?: boolean;
  /** --role, --step and --tags; empty: all. */
  role: string[];
  step: string[];
  tags: string[];
  showSkipped?: boolean;
  /** Where the plan is kept. */
  out?: string;
  /** File of the plan that is to be done. */
  plan?: string;
  /** Go on with this run; true: with the last unfinished one. */
  resume?: string | true;
  output: OutputFormat;
  diff: boolean;
  verbose?: boolean;
  detailedExitcode?: boolean;
  /** --yes was given. */
  isConfirmed: boolean;
  /** Where bootstrap writes the kubeconfig; undefined: merged into the user's. */
  kubeconfig: string | undefined;
}

const NOTHING_DONE: RunResult = { changed: 0, failed: 0, notReached: 0, exitCode: EXIT.done };

/** plan, apply and bootstrap are one thing that stops earlier or later. Returns the exit code; throws PiclusterError. */
export async function execute(given: ExecuteOptions): Promise<number> {
  refuseToAskNobody(given);
  const kept = given.plan === undefined ? undefined : await keptPlan(given.plan, given);
  const resumed = await runToResume(given);
  if (given.resume !== undefined && !resumed) return nothingToResume(given);
  const options = resumed ? askedAgain(given, resumed) : kept ? askedAsThen(given, kept) : given;
  const opened = await openCluster({
    ...options,
    secretsFor: 'roles',
    secretsLimit: kept?.selection.limit,
    handsOverGit: options.command === 'bootstrap',
  });
  if (kept) opened.chosen = hostsOfPlan(kept, opened.cluster);
  refuseUnknownRoles(options, opened);
  const { cluster, artifacts, chosen, warnings } = opened;
  const state = await stateDirectory(cluster);
  const record = await RunRecord.open(state, cluster, options.output, {
    showDiffs: options.diff,
    isVerbose: options.verbose ?? false,
  });
  const interrupts = listenForInterrupts((text) => record.emit({ type: 'warning', text }));
  record.lost.addEventListener('abort', () =>
    record.emit({ type: 'warning', text: `${record.lost.reason.message}; running steps end, nothing new begins` }),
  );
  const { command } = options;
  const hooks = runHooks(cluster, { command, run: record.name, emit: record.emit, signal: interrupts.signal });
  const engine = makeRun(options, opened, { state, record, interrupts, hooks });

  let result = NOTHING_DONE;
  try {
    await record.start(options.command, cluster, chosen, { asked: askedOf(options, cluster), resumes: resumed?.run });
    for (const text of warnings) record.emit({ type: 'warning', text });
    await artifacts.prepare(interrupts.signal, (text) => record.emit({ type: 'fact', text }));
    result = await planAndApply(engine, options, {
      cluster,
      chosen: chosen.map(({ name }) => name),
      emit: record.emit,
      hooks,
      kept,
      resumed,
      flush: () => record.flush(),
    });
    record.lost.throwIfAborted();
    await showSummary(engine, options, cluster, record, result);
  } catch (thrown) {
    // What a run without a journal said in the end is that it was interrupted; this is why.
    const error = record.lost.aborted ? record.lost.reason : thrown;
    result = { ...result, exitCode: error instanceof PiclusterError ? error.exitCode : EXIT.bug };
    throw error;
  } finally {
    await engine.close();
    await record.end(result);
    interrupts.dispose();
  }
  return result.exitCode;
}

function nothingToResume({ output }: ExecuteOptions): number {
  if (output === 'text') process.stdout.write('nothing is unfinished: there is no run to go on with\n');
  return EXIT.done;
}

function refuseToAskNobody({ command, isConfirmed }: ExecuteOptions): void {
  if (command === 'plan' || isConfirmed || process.stdin.isTTY) return;
  throw new UsageError(`${command} asks before it changes anything, and there is no terminal to ask on`, {
    hint: 'give --yes, or look first with: picluster plan',
  });
}

/** The machines need not be asked for this. */
function refuseUnknownRoles({ command, role }: ExecuteOptions, { chosen }: OpenedCluster): void {
  const known = new Set([...chosen.flatMap(({ roles }) => roles), ...(command === 'bootstrap' ? CONTROL_ROLES : [])]);
  refuseUnknown('--role', role, [...known]);
}

interface RunParts {
  state: string;
  record: RunRecord;
  interrupts: Interrupts;
  hooks: RunHooks;
}

function makeRun(
  options: ExecuteOptions,
  { cluster, roles, chosen, artifacts }: OpenedCluster,
  { state, record, interrupts, hooks }: RunParts,
): Run {
  const { command, kubeconfig } = options;
  const { signal } = interrupts;
  return new Run({
    cluster,
    roles,
    chosen,
    edges: cluster.after,
    selection: { roles: options.role, steps: options.step, tags: options.tags },
    isPlanBinding: options.plan !== undefined,
    ...(hooks.factory && { hooks: hooks.factory }),
    initServer: initServerOf(cluster),
    stateDirectory: state,
    lock: command === 'plan' ? undefined : hostLock(record.name, command, new Date()),
    connect: connector(state, record.emit),
    emit: record.emit,
    signal,
    draining: AbortSignal.any([interrupts.draining, record.lost]),
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
  const { summary } = await import('./summary.ts');
  process.stdout.write(
    await summary({
      kube: await engine.kube(),
      parts: await record.parts(),
      hasGitOps,
      context: cluster.name,
      kubeconfig: options.kubeconfig,
    }),
  );
}
