import { randomBytes } from 'node:crypto';
import type { EngineEvent } from '#src/engine/events.ts';
import { Journal, runName } from '#src/engine/journal.ts';
import { hostLock } from '#src/engine/lock.ts';
import type { Plan } from '#src/engine/plan.ts';
import { Run } from '#src/engine/run.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { EXIT, type PiclusterError, RefusedError, UsageError } from '#src/errors.ts';
import { createRenderer, type OutputFormat } from '#src/render/renderer.ts';
import { TimingCollector } from '#src/render/timing.ts';
import { redactor } from '#src/secrets/secret.ts';
import { confirm } from './confirm.ts';
import { connector } from './connector.ts';
import { controlSteps } from './control-steps.ts';
import { planFooter, resultFooter } from './footer.ts';
import { initServerOf } from './init-server.ts';
import { openCluster } from './open-cluster.ts';
import { listenForInterrupts } from './signals.ts';
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

/** plan, apply and bootstrap are one thing that stops earlier or later. Returns the exit code; throws PiclusterError. */
export async function execute(options: ExecuteOptions): Promise<number> {
  if (options.command !== 'plan' && !options.isConfirmed && !process.stdin.isTTY) {
    throw new UsageError(`${options.command} asks before it changes anything, and there is no terminal to ask on`, {
      hint: 'give --yes, or look first with: picluster plan',
    });
  }
  const startedAt = performance.now();
  const { cluster, roles, chosen, artifacts, warnings } = await openCluster(options);
  const state = await stateDirectory(cluster);
  const run = runName(new Date(), randomBytes(2).toString('hex'));
  const journal = new Journal(state, run, redactor(cluster.secrets));
  const renderer = await createRenderer(options.output, process.stdout, { showDiffs: options.diff });
  const timing = new TimingCollector();
  const emit = (event: EngineEvent): void => {
    const stamped = journal.append(event);
    timing.onEvent(stamped);
    renderer.onEvent(stamped);
  };
  const interrupts = listenForInterrupts((text) => emit({ type: 'warning', text }));
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;

  emit({
    type: 'run.start',
    run,
    command: options.command,
    cluster: cluster.name,
    release: cluster.release,
    hosts: chosen.map(({ name }) => name),
    version,
  });
  for (const text of warnings) emit({ type: 'warning', text });
  const initServer = initServerOf(cluster);
  const engine = new Run({
    cluster,
    roles,
    chosen,
    initServer,
    stateDirectory: state,
    lock: options.command === 'plan' ? undefined : hostLock(run, options.command, new Date()),
    connect: connector(state, emit),
    emit,
    signal: interrupts.signal,
    draining: () => interrupts.draining(),
    fetchArtifact: artifacts.fetch,
    ...(options.command === 'bootstrap'
      ? { control: controlSteps({ cluster, artifacts, kubeconfig: options.kubeconfig, signal: interrupts.signal }) }
      : {}),
  });

  let result: RunResult = { changed: 0, failed: 0, notReached: 0, exitCode: EXIT.bug };
  try {
    await artifacts.prepare(interrupts.signal, (text) => emit({ type: 'fact', text }));
    result = await planAndApply(engine, options, emit);
    if (options.command === 'bootstrap' && options.output === 'text' && result.exitCode === EXIT.done && initServer) {
      await renderer.flush();
      process.stdout.write(
        await summary({
          kube: await engine.kube(),
          timings: timing.timings,
          hasGitOps: cluster.gitops !== undefined,
          context: cluster.name,
          kubeconfig: options.kubeconfig,
        }),
      );
    }
  } catch (error) {
    result = { ...result, exitCode: (error as PiclusterError).exitCode ?? EXIT.bug };
    throw error;
  } finally {
    await engine.close();
    const status =
      result.exitCode === EXIT.done || result.exitCode === EXIT.changed
        ? 'done'
        : result.exitCode === EXIT.interrupted
          ? 'interrupted'
          : 'failed';
    emit({ type: 'run.end', status, ...result, durationMs: performance.now() - startedAt });
    interrupts.dispose();
    await renderer.close();
    journal.close();
  }
  return result.exitCode;
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
