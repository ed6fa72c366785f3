import { HostBusyError, HostLostError, InterruptedError, LockedError, PermissionError } from '#src/errors.ts';
import { Secret } from '#src/secrets/secret.ts';
import type { Become } from '#src/transport/connection.ts';
import { becomeCommand, becomeHint } from './become.ts';
import type { ChannelEnd, OpenChannel, ShellChannel } from './channel.ts';
import { FrameReader } from './frames.ts';
import { isPipes, joined, rootSide, userSide } from './terminal.ts';

/** sudo may ask a slow directory or resolver first. */
const OPEN_TIMEOUT_MS = 20_000;
/** How often a wait looks at the clock. */
const TICK_MS = 500;

export interface OpeningOptions {
  host: string;
  user: string;
  become: Become;
  signal: AbortSignal;
}

/** A channel on which something is being started as root: answers the password prompt and waits for frames of the marker. */
export class Opening {
  readonly channel: ShellChannel;
  readonly #options: OpeningOptions;
  readonly #prompt: RegExp | undefined;
  readonly #frames: { word: string; text: string }[] = [];
  readonly #onStdout: (chunk: Buffer) => void;
  readonly #onStderr = (chunk: Buffer): void => this.#listen(chunk);
  #heard = '';
  #prompts = 0;
  /** Passwords that were sent, in order. */
  readonly #sent: Secret[] = [];
  #isRefused = false;
  /** A person is typing: that takes as long as it takes. */
  #isAsking = false;
  #failure: unknown;
  #end: ChannelEnd | undefined;
  #wake = (): void => {};

  private constructor(channel: ShellChannel, marker: string, prompt: RegExp | undefined, options: OpeningOptions) {
    this.channel = channel;
    this.#options = options;
    this.#prompt = prompt;
    const onFrame = ([word = '', ...rest]: readonly string[]): void => {
      this.#frames.push({ word, text: rest.join(' ').trimEnd() });
      this.#wake();
    };
    // A terminal asks there, too.
    const reader = new FrameReader(marker, prompt ? (bytes) => this.#listen(bytes) : () => {}, onFrame);
    this.#onStdout = (chunk) => reader.push(chunk);
    channel.stdout.on('data', this.#onStdout);
    channel.stderr.on('data', this.#onStderr);
    void channel.ended.then((end) => {
      this.#end = end;
      this.#wake();
    });
  }

  /** Starts `sh`, or `sh -c program`, as root. */
  static async start(open: OpenChannel, marker: string, program: string | undefined, options: OpeningOptions): Promise<Opening> {
    const { become } = options;
    const { command, prompt, onTerminal } = becomeCommand(become, marker, program);
    if (!onTerminal) return new Opening(await open(command), marker, prompt, options);
    const root = becomeCommand(become, marker, rootSide({ user: options.user, marker, program }));
    const terminal = new Opening(await open(root.command, { terminal: true }), marker, prompt, options);
    try {
      const directory = await terminal.next('pipes');
      if (!isPipes(directory)) throw refused(options.host, 'failed', `it named its pipes ${JSON.stringify(directory)}`);
      terminal.stop();
      const channel = joined(terminal.channel, await open(userSide(directory)));
      return new Opening(channel, marker, undefined, options);
    } catch (error) {
      terminal.channel.destroy();
      throw error;
    }
  }

  /** What came on stderr so far, without prompts. */
  get heard(): string {
    return (this.#prompt ? this.#heard.replaceAll(this.#prompt, '') : this.#heard).trim().slice(-2000);
  }

  /** Leaves the streams to somebody else. */
  stop(): void {
    this.channel.stdout.off('data', this.#onStdout);
    this.channel.stderr.off('data', this.#onStderr);
  }

  /** Text of the next frame, which must begin with `word`. Throws PermissionError, LockedError, HostLostError, InterruptedError. */
  async next(word: string, timeoutMs = OPEN_TIMEOUT_MS): Promise<string> {
    const { host, signal } = this.#options;
    let deadline = performance.now() + timeoutMs;
    const timer = setInterval(() => this.#wake(), TICK_MS);
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame?.word === word) return frame.text;
        if (frame) throw refused(host, frame.word, frame.text);
        if (this.#failure) throw this.#failure;
        if (this.#isRefused) throw this.#wrongPassword();
        if (signal.aborted) throw new InterruptedError(`interrupted while ${host} was asked`, { host });
        if (this.#end) throw this.#notStarted(this.#end);
        if (this.#isAsking) deadline = performance.now() + timeoutMs;
        if (performance.now() >= deadline) throw this.#late(timeoutMs);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #listen(chunk: Buffer): void {
    this.#heard += chunk.toString();
    if (this.#prompt === undefined) return;
    const prompts = this.#heard.match(this.#prompt)?.length ?? 0;
    const isNew = prompts > this.#prompts;
    this.#prompts = prompts;
    if (isNew) void this.#answer();
    this.#wake();
  }

  async #answer(): Promise<void> {
    try {
      this.#isAsking = true;
      const password = await this.#nextPassword();
      this.#isRefused = password === undefined;
      if (password === undefined || this.#end) return;
      this.#sent.push(password);
      this.channel.stdin.write(`${password.reveal()}\n`);
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isAsking = false;
      this.#wake();
    }
  }

  async #nextPassword(): Promise<Secret | undefined> {
    const { become, host } = this.#options;
    if (become.method === 'none' || !become.password) return undefined;
    if (!(become.password instanceof Secret)) return become.password.next(host, this.#sent);
    return this.#sent.length === 0 ? become.password : undefined;
  }

  #wrongPassword(): PermissionError {
    const { host, user, become } = this.#options;
    const isTyped = become.method !== 'none' && !(become.password instanceof Secret);
    return new PermissionError(`${become.method} on ${host} did not accept the password of ${user}`, {
      host,
      output: this.heard,
      hint: isTyped
        ? `is it the password of ${user} there? hosts with other passwords keep theirs in the secrets: passwordSecret in hosts.yaml`
        : 'correct the become password in the secrets of the cluster',
    });
  }

  #notStarted(end: ChannelEnd): Error {
    const { host, user, become } = this.#options;
    if (end.lost !== undefined) return new HostLostError(`lost ${host}: ${end.lost}`, { host });
    // sudo asks again; doas says so and ends.
    if (this.#sent.length > 0 && /authenticat|authoriz/i.test(this.heard)) return this.#wrongPassword();
    const what = become.method === 'none' ? 'could not start a shell' : `could not become root with ${become.method}`;
    const status = end.exitCode === undefined ? '' : ` (exit status ${end.exitCode})`;
    return new PermissionError(`${what} as ${user} on ${host}${status}`, {
      host,
      output: this.heard,
      hint: becomeHint(become, user, this.heard),
    });
  }

  #late(timeoutMs: number): HostLostError {
    const { host, user, become } = this.#options;
    const slow = become.method === 'none' ? 'its login shell' : become.method;
    return new HostLostError(`${host} did not answer within ${timeoutMs / 1000} s`, {
      host,
      output: this.heard,
      hint: `is the machine overloaded, or ${slow} slow? look with: ssh ${user}@${host}`,
    });
  }
}

function refused(host: string, word: string, text: string): Error {
  if (word === 'busy') {
    return new HostBusyError(`${host} is back, and still runs what the lost connection had started: ${text || 'a shell'}`, {
      host,
      hint: `wait until that has ended, or end it: picluster exec -l ${host} -- ps -ef`,
    });
  }
  if (word === 'locked') {
    return new LockedError(`${host} is locked by ${text || 'another run'}`, {
      host,
      hint: 'wait for it to end; a lock dies with the run that holds it, and with what that run left running on the host',
    });
  }
  return new PermissionError(`could not open a shell on ${host}: ${text || word}`, { host });
}
