import { HostLostError, InterruptedError, StepFailedError } from '#src/errors.ts';
import type { Upload } from '#src/resource/kind.ts';
import { joinScripts } from '#src/shell/script.ts';
import { type Batch, BatchObserver } from './batch-observer.ts';
import type { Emit } from './events.ts';
import { explainFailure } from './explain-failure.ts';
import { lossBehind } from './going-down.ts';
import type { HostSession } from './session.ts';
import { newMarker, STREAM_STOPPED, StreamParser, streamScript } from './stream.ts';
import type { Task, TaskResult } from './task.ts';

/** What was heard of tasks, in order. */
export interface Applied {
  readonly results: readonly TaskResult[];
  /** The host was lost or the run stopped in the middle. */
  readonly cut?: HostLostError | InterruptedError | undefined;
}

export interface ApplyOptions {
  readonly session: HostSession;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Aborted once nothing new may begin: the stream is stopped at the next step's end. */
  readonly draining: AbortSignal;
  /** Brings the artifact to this machine, checked; resolves to its path. */
  fetchArtifact(source: Upload['source'], signal: AbortSignal): Promise<string>;
}

const STEP_TIMEOUT_MS = 300_000;
/** Runs tasks in order as one streamed request (uploads go ahead of their task) and ends with the first failure. */
export async function applyTasks(tasks: readonly Task[], options: ApplyOptions): Promise<Applied> {
  const results: TaskResult[] = [];
  let rest = tasks;
  while (rest.length > 0 && !options.draining.aborted) {
    const withUploads = rest.findIndex((task) => (task.apply.uploads?.length ?? 0) > 0);
    const batch = withUploads < 0 ? rest : rest.slice(0, Math.max(withUploads, 1));
    const uploads = withUploads === 0 ? (batch[0]?.apply.uploads ?? []) : [];
    const done = await orCut(async () => {
      const refused = batch[0] && (await push(batch[0], uploads, options));
      return refused ? { results: [refused] } : await streamBatch(batch, options);
    });
    results.push(...done.results);
    const { fallback } = done;
    const pushed = fallback ? await orCut(() => applyFallback(fallback, options)) : { results: [] };
    results.push(...pushed.results);
    const cut = done.cut ?? pushed.cut;
    if (cut) return { results, cut };
    if (results.some((result) => result.error)) break;
    rest = rest.slice(done.results.length + pushed.results.length);
    if (done.results.length + pushed.results.length === 0) break;
  }
  return explain(results, options.session);
}

/** A failure says what lies behind it; if that is the loss of its host, it is none of the step. */
async function explain(results: readonly TaskResult[], session: HostSession): Promise<Applied> {
  const explained: TaskResult[] = [];
  for (const { error, wasCutOff = false, ...result } of results) {
    const cut = error && (await lossBehind(error, session, wasCutOff));
    if (cut) return { results: [...explained, { ...result, isCut: true }], cut };
    explained.push(error ? { ...result, error: await explainFailure(error, result.step, session) } : result);
  }
  return { results: explained };
}

/** A connection lost between two streams cuts as well as one lost within. */
async function orCut(work: () => Promise<Batch>): Promise<Batch> {
  try {
    return await work();
  } catch (error) {
    if (!isCut(error)) throw error;
    return { results: [], cut: error };
  }
}

const isCut = (error: unknown): error is HostLostError | InterruptedError =>
  error instanceof HostLostError || error instanceof InterruptedError;

async function streamBatch(batch: readonly Task[], options: ApplyOptions): Promise<Batch> {
  const { session, emit } = options;
  const marker = newMarker();
  const observer = new BatchObserver(batch, session.host.name, emit);
  const stop = new AbortController();
  const stopIfIdle = (): void => {
    if (options.draining.aborted && observer.isIdle) stop.abort();
  };
  const parser = new StreamParser(marker, (event) => {
    observer.see(event);
    stopIfIdle();
  });
  options.draining.addEventListener('abort', stopIfIdle);
  const applies = batch.map(({ apply, forget }) => ({ ...apply, script: joinScripts([...forget, apply.script]) }));
  const timeoutMs = batch.reduce((sum, { apply }) => sum + (apply.timeoutMs ?? STEP_TIMEOUT_MS), 0);
  try {
    const reply = await session.shell.run({
      script: streamScript(applies, marker),
      step: batch[0]?.step.ref ?? 'apply',
      timeoutMs,
      signal: AbortSignal.any([options.signal, stop.signal]),
      onStdout: (chunk) => parser.push(chunk.toString()),
    });
    parser.push('\n');
    if (reply.exitCode !== 0 && reply.exitCode !== STREAM_STOPPED)
      observer.failRunning(`the shell ended with exit status ${reply.exitCode}`, reply.stderr.toString());
  } catch (error) {
    if (!isCut(error)) throw observer.locate(error);
    if (error instanceof HostLostError || options.signal.aborted) observer.cut(error);
    else if (observer.waiting) observer.cut(new InterruptedError(`interrupted while waiting: ${observer.waiting}`));
  } finally {
    options.draining.removeEventListener('abort', stopIfIdle);
  }
  return observer.batch();
}

async function applyFallback(task: Task, options: ApplyOptions): Promise<Batch> {
  const { session, emit } = options;
  const fallback = task.apply.fallback;
  const startedAt = performance.now();
  if (!fallback) throw new TypeError(`${task.step.ref} has no fallback`);
  emit({
    type: 'fact',
    host: session.host.name,
    text: `${session.host.name} has no way out: pushing ${fallback.uploads.map((upload) => upload.source.name).join(', ')} from here`,
  });
  const refused = await push(task, fallback.uploads, options);
  if (refused) return { results: [refused] };
  const pushed = { ...task, apply: { ...task.apply, script: fallback.script, fallback: undefined } };
  const batch = await streamBatch([pushed], options);
  return { ...batch, results: batch.results.map((result) => ({ ...result, durationMs: performance.now() - startedAt })) };
}

/** Sends what a task needs. Resolves to the task's failure when an artifact could not be had or not be stored; rejects when the host is lost. */
async function push(
  task: Task,
  uploads: readonly Upload[],
  { session, fetchArtifact, signal }: ApplyOptions,
): Promise<TaskResult | undefined> {
  const { step, change } = task;
  const startedAt = performance.now();
  try {
    for (const { source, path, mode } of uploads)
      await session.upload(await fetchArtifact(source, signal), path, { sha256: source.sha256, mode, signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof StepFailedError)) throw error;
    const durationMs = performance.now() - startedAt;
    return { step, change, durationMs, error: Object.assign(error, { step: step.ref }), wasCutOff: true };
  }
}
