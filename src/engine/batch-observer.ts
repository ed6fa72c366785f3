import { type HostLostError, type InterruptedError, StepFailedError } from '#src/errors.ts';
import { NO_WAY_OUT } from '#src/resource/kind.ts';
import type { Emit } from './events.ts';
import { isKilled } from './going-down.ts';
import type { StreamEvent } from './stream.ts';
import type { Task, TaskResult } from './task.ts';

const TAIL_LINES = 20;

/** By such a line a script says that it has not begun, and for whom it waits: it may be stopped without harm. */
const WAITING = /^waiting: (.*)/;

/** What was heard of one stream. */
export interface Batch {
  results: TaskResult[];
  cut?: HostLostError | InterruptedError | undefined;
  /** A task whose node had no way out: its artifacts have to be pushed. */
  fallback?: Task;
}

/** Follows one stream: emits events, measures, and keeps the tail of what each step printed. */
export class BatchObserver {
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
