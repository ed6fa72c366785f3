import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StampedEvent } from '#src/engine/events.ts';
import { parseEvent } from '#src/engine/testing/parse-event.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));

export interface Ended {
  /** Undefined: ended by a signal. */
  exitCode: number | undefined;
  stderr: string;
  events: readonly StampedEvent[];
}

/** The real command line as a process group of its own, followed by its events (`--output json`). */
export class Picluster {
  readonly #child: ChildProcess;
  readonly #events: StampedEvent[] = [];
  readonly #watchers = new Set<(event: StampedEvent) => void>();
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], options: { stateHome: string; timeoutMs: number }) {
    this.#child = spawn(process.execPath, [LAUNCHER, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_STATE_HOME: options.stateHome },
    });
    const late = setTimeout(() => this.kill('SIGKILL'), options.timeoutMs);
    this.ended = this.#follow().finally(() => clearTimeout(late));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** To the whole process group, as a terminal or a power cut does. Nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.pid, signal);
  }

  /** Calls `watch` for every event from now on, in the moment it is read. */
  onEvent(watch: (event: StampedEvent) => void): void {
    this.#watchers.add(watch);
  }

  /** Resolves with the first event from now on that fits; with undefined when the process ends without one. */
  async event(fits: (event: StampedEvent) => boolean): Promise<StampedEvent | undefined> {
    const seen = new Promise<StampedEvent>((resolve) => this.onEvent((event) => void (fits(event) && resolve(event))));
    return await Promise.race([seen, this.ended.then(() => undefined)]);
  }

  async #follow(): Promise<Ended> {
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new TypeError('a child without pipes');
    let said = '';
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    createInterface({ input: stdout }).on('line', (line) => this.#line(line));
    const [exitCode] = await once(this.#child, 'close');
    return { exitCode: exitCode ?? undefined, stderr: said, events: this.#events };
  }

  #line(line: string): void {
    // what a SIGKILL cut off is no event
    if (!line.endsWith('}')) return;
    const event = parseEvent(line);
    this.#events.push(event);
    for (const watch of this.#watchers) watch(event);
  }
}
