import { HostLostError, InterruptedError, StepFailedError } from '#src/errors.ts';
import { type Apply, type Change, NO_WAY_OUT, type Upload } from '#src/resource/kind.ts';
import { joinScripts, type Script } from '#src/shell/script.ts';
import type { Emit } from './events.ts';
import { explainFailure } from './explain-failure.ts';
import { isKilled, lossBehind } from './going-down.ts';
import type { ResourceStep } from './observe.ts';
import type { HostSession } from './session.ts';
import { newMarker, STREAM_STOPPED, type StreamEvent, StreamParser, streamScript } from './stream.ts';

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
const TAIL_LINES = 20;

/** By such a line a script says that it has not begun, and for whom it waits: it may be stopped without harm. */
const WAITING = /^waiting: (.*)/;

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

interface Batch {
  results: TaskResult[];
  cut?: Applied['cut'];
  /** A task whose node had no way out: its artifacts have to be pushed. */
  fallback?: Task;
}

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

/** Follows one stream: emits events, measures, and keeps the tail of what each step printed. */
class BatchObserver {
  readonly #tasks: readonly Task[];
  readonly #host: string;
  readonly #emit: Emit;
  readonly #batch: Batch = { results: [] };
  #running: Task | undefined;
  #startedAt = 0;
  #tail: string[] = [];
  #hasBegun = false;

  constructor(tasks: readonly Task[], host: string, emit: Emit) {
    this.#tasks = tasks;
    this.#host = host;
    this.#emit = emit;
  }

  /** Between two steps, or in one that waits for somebody. */
  get isIdle(): boolean {
    return this.#hasBegun && (this.#running === undefined || this.waiting !== undefined);
  }

  /** Whom the running step waits for, in its own words. */
  get waiting(): string | undefined {
    return this.#running && WAITING.exec(this.#tail.at(-1) ?? '')?.[1];
  }

  see(event: StreamEvent): void {
    if (event.type === 'begin') this.#begin(this.#tasks[event.index]);
    else if (event.type === 'output') this.#output(event.text);
    else this.#end(event.exitCode);
  }

  #begin(task: Task | undefined): void {
    this.#running = task;
    this.#hasBegun = true;
    this.#startedAt = performance.now();
    this.#tail = [];
    if (task) this.#emit({ type: 'step.start', host: this.#host, step: task.step.ref, title: task.step.title });
  }

  #output(text: string): void {
    this.#tail = [...this.#tail, text].slice(-TAIL_LINES);
    if (this.#running) this.#emit({ type: 'step.output', host: this.#host, step: this.#running.step.ref, text });
  }

  #end(exitCode: number): void {
    const task = this.#running;
    this.#running = undefined;
    if (!task) return;
    if (exitCode === NO_WAY_OUT && task.apply.fallback) this.#batch.fallback = task;
    else if (exitCode === 0) this.#batch.results.push(this.#result(task));
    else {
      const failure = this.#failure(task, `exit status ${exitCode}`, this.#tail.join('\n'));
      this.#batch.results.push({ ...this.#result(task, failure), wasCutOff: isKilled(exitCode) });
    }
  }

  /** The stream ended without an end mark for the running step. */
  failRunning(what: string, output: string): void {
    const task = this.#running;
    this.#running = undefined;
    if (!task) return;
    const failure = this.#failure(task, what, [...this.#tail, output].join('\n'));
    this.#batch.results.push({ ...this.#result(task, failure), wasCutOff: true });
  }

  /** An error of the connection, told with the step that was under way. */
  locate<T>(error: T): T {
    if (this.#running && error instanceof Error && 'step' in error) Object.assign(error, { step: this.#running.step.ref });
    return error;
  }

  /** Nothing more will be heard of this stream. */
  cut(error: HostLostError | InterruptedError): void {
    this.#batch.cut = this.locate(error);
    if (this.#running) this.#batch.results.push({ ...this.#result(this.#running), isCut: true });
  }

  #failure(task: Task, what: string, output: string): StepFailedError {
    return new StepFailedError(`${task.step.title}: ${what}`, {
      host: this.#host,
      step: task.step.ref,
      output,
      hint: 'mend what the machine said and run again: what is done already is skipped',
    });
  }

  #result(task: Task, error?: StepFailedError): TaskResult {
    const durationMs = performance.now() - this.#startedAt;
    return { step: task.step, change: task.change, durationMs, ...(error ? { error } : {}) };
  }

  batch(): Batch {
    return this.#batch;
  }
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
