import { HostLostError, InterruptedError, TimeoutError } from '#src/errors.ts';
import type { RootShell, ShellReply, ShellRequest } from '#src/transport/connection.ts';
import type { ChannelEnd, ShellChannel } from './channel.ts';
import { FrameReader } from './frames.ts';
import { requestText, signalText } from './program.ts';
import { RequestState } from './request.ts';

/** How long a request may take to end after TERM, and again after KILL. */
const GRACE_MS = 3_000;
const CLOSE_MS = 2_000;

/** A root shell over three streams: one request at a time, each one write and one answer. */
export class StreamShell implements RootShell {
  readonly #channel: ShellChannel;
  readonly #host: string;
  readonly #marker: string;
  readonly #graceMs: number;
  #queue: Promise<unknown> = Promise.resolve();
  #current: RequestState | undefined;
  #end: ChannelEnd | undefined;
  #isClosed = false;
  #requests = 0;

  constructor(channel: ShellChannel, options: { host: string; marker: string; graceMs?: number | undefined }) {
    this.#channel = channel;
    this.#host = options.host;
    this.#marker = options.marker;
    this.#graceMs = options.graceMs ?? GRACE_MS;
    for (const stream of ['stdout', 'stderr'] as const) {
      const reader = new FrameReader(
        this.#marker,
        (bytes) => this.#current?.onData(stream, bytes),
        (words) => this.#current?.onFrame(stream, words),
      );
      channel[stream].on('data', (chunk: Buffer) => reader.push(chunk));
    }
    void channel.ended.then((end) => this.#onEnded(end));
  }

  get requests(): number {
    return this.#requests;
  }

  /** Throws TimeoutError when the time limit ended it, InterruptedError when the signal did, HostLostError when the host is gone. */
  run(request: ShellRequest): Promise<ShellReply> {
    const turn = this.#queue.then(() => this.#send(request));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #send(request: ShellRequest): Promise<ShellReply> {
    const lost = this.#lostError(request);
    if (lost) throw lost;
    if (request.signal?.aborted) throw this.#interrupted(request);
    this.#requests += 1;
    const state = new RequestState(this.#requests, request);
    this.#current = state;
    const stop = this.#watch(state);
    try {
      this.#channel.stdin.write(requestText(this.#marker, state.id, request.script.text));
      const reply = await state.reply;
      const reason = stop.reason();
      if (reason) throw reason;
      return reply;
    } finally {
      stop.dispose();
      this.#current = undefined;
    }
  }

  /** Ends the request on the host when its time is over or its signal says so; cuts the connection when even that does not help. */
  #watch(state: RequestState) {
    let reason: Error | undefined;
    let timer: NodeJS.Timeout;
    const escalate = (signals: ('TERM' | 'KILL')[]): void => {
      const [signal, ...later] = signals;
      if (signal === undefined || state.session === undefined) {
        state.fail(
          new HostLostError(`${this.#host} did not end a command that was told to${forStep(state.request)}`, {
            ...this.#details(state.request),
            output: state.heard,
            cause: reason,
            hint: `the connection was closed; the command may still run on ${this.#host}`,
          }),
        );
        this.#channel.destroy();
        return;
      }
      this.#channel.stdin.write(signalText(signal, state.session));
      timer = setTimeout(() => escalate(later), this.#graceMs);
    };
    const end = (why: Error): void => {
      if (reason) return;
      reason = why;
      clearTimeout(timer);
      // A host that has not even begun gets a moment to do so: it may be slow, not dead.
      if (state.session === undefined) timer = setTimeout(() => escalate(['TERM', 'KILL']), this.#graceMs);
      else escalate(['TERM', 'KILL']);
    };
    timer = setTimeout(() => end(this.#timedOut(state)), state.request.timeoutMs);
    const onAbort = (): void => end(this.#interrupted(state.request));
    state.request.signal?.addEventListener('abort', onAbort, { once: true });
    return {
      reason: () => reason,
      dispose: () => {
        clearTimeout(timer);
        state.request.signal?.removeEventListener('abort', onAbort);
      },
    };
  }

  #details(request: ShellRequest): { host: string; step?: string } {
    return { host: this.#host, ...(request.step === undefined ? {} : { step: request.step }) };
  }

  #timedOut(state: RequestState): TimeoutError {
    const { request } = state;
    return new TimeoutError(
      `${this.#host} did not finish within ${request.timeoutMs / 1000} s${forStep(request)}; it was ended`,
      {
        ...this.#details(request),
        output: state.heard,
      },
    );
  }

  #interrupted(request: ShellRequest): InterruptedError {
    return new InterruptedError(`interrupted on ${this.#host}${forStep(request)}`, {
      ...this.#details(request),
      cause: request.signal?.reason,
    });
  }

  #lostError(request: ShellRequest): HostLostError | undefined {
    if (!this.#isClosed && !this.#end) return undefined;
    const why = this.#isClosed ? 'the connection was closed' : whyEnded(this.#end ?? {});
    return new HostLostError(`lost ${this.#host}${forStep(request)}: ${why}`, {
      ...this.#details(request),
      hint: this.#isClosed
        ? 'it was closed from here'
        : `is it up? ping it, look at its console; then run the same command again`,
    });
  }

  #onEnded(end: ChannelEnd): void {
    this.#end = end;
    const state = this.#current;
    if (state) state.fail(this.#lostError(state.request));
  }

  /** Ends a request under way (it rejects), then the shell; its lock is free when this resolves, unless something it started still runs. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      const state = this.#current;
      if (state?.session !== undefined && !this.#end) this.#channel.stdin.write(signalText('TERM', state.session));
      state?.fail(this.#lostError(state.request));
      if (!this.#end) this.#channel.stdin.end();
    }
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.#channel.ended, bound]);
    clearTimeout(timer);
    this.#channel.destroy();
  }
}

const forStep = (request: ShellRequest): string => (request.step ? ` during ${request.step}` : '');

function whyEnded(end: ChannelEnd): string {
  if (end.lost !== undefined) return end.lost;
  return `its root shell ended${end.exitCode === undefined ? '' : ` with exit status ${end.exitCode}`}`;
}
