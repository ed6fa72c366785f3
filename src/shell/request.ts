import type { ShellReply, ShellRequest } from '#src/transport/connection.ts';
import { Tail } from './tail.ts';

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** One request under way: collects its output, and knows when both streams have ended. */
export class RequestState {
  readonly id: number;
  readonly request: ShellRequest;
  readonly #stdout: Tail;
  readonly #stderr: Tail;
  readonly #startedAt = performance.now();
  readonly #began = { stdout: false, stderr: false };
  readonly #ended = { stdout: false, stderr: false };
  /** Leader of its session on the host, once it has begun. */
  session: number | undefined;
  #exitCode = -1;
  readonly #finish: (reply: ShellReply) => void;
  /** Rejects what waits for the reply. */
  readonly fail: (error: unknown) => void;
  readonly reply: Promise<ShellReply>;

  constructor(id: number, request: ShellRequest) {
    this.id = id;
    this.request = request;
    this.#stdout = new Tail(request.maxBytes ?? DEFAULT_MAX_BYTES);
    this.#stderr = new Tail(request.maxBytes ?? DEFAULT_MAX_BYTES);
    const { promise, resolve, reject } = Promise.withResolvers<ShellReply>();
    this.reply = promise;
    this.#finish = resolve;
    this.fail = reject;
  }

  onData(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    // Before its beginning: left-over output of an earlier request.
    if (!this.#began[stream] || this.#ended[stream]) return;
    (stream === 'stdout' ? this.#stdout : this.#stderr).push(bytes);
    if (stream === 'stdout') this.request.onStdout?.(bytes);
  }

  onFrame(stream: 'stdout' | 'stderr', [word, id, value]: readonly string[]): void {
    if (Number(id) !== this.id) return;
    if (word === 'begin') {
      this.#began[stream] = true;
      if (stream === 'stdout') this.session = Number(value);
    }
    if (word !== 'end') return;
    this.#ended[stream] = true;
    if (stream === 'stdout') this.#exitCode = Number(value);
    if (this.#ended.stdout && this.#ended.stderr) this.#finish(this.#result());
  }

  #result(): ShellReply {
    return {
      exitCode: this.#exitCode,
      stdout: this.#stdout.bytes,
      stderr: this.#stderr.bytes,
      dropped: this.#stdout.dropped + this.#stderr.dropped,
      durationMs: performance.now() - this.#startedAt,
    };
  }

  /** What was heard so far, for an error. */
  get heard(): string {
    return `${this.#stdout.bytes.toString().slice(-1000)}${this.#stderr.bytes.toString().slice(-1000)}`.trim();
  }
}
