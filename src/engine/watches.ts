import { setTimeout as sleep } from 'node:timers/promises';
import { PiclusterError, StepFailedError } from '#src/errors.ts';
import { NO_START_KNOWN, type Watch } from '#src/resource/kind.ts';
import type { ResourceStep } from './observe.ts';
import type { HostSession } from './session.ts';
import { newMarker, StreamParser, streamScript } from './stream.ts';
import type { TaskResult } from './task.ts';

const ASK_TIMEOUT_MS = 60_000;

interface Watched {
  readonly result: TaskResult;
  readonly watch: Watch;
  /** `performance.now()` from which on it may be asked. */
  readonly dueAt: number;
  readonly since: number;
}

/** How a watched step ended: well, with an error, or with nothing known of its start. */
export interface Verdict {
  readonly result: TaskResult;
  readonly isStartKnown: boolean;
}

/** What steps of one host have started and must stay up: all are asked in one request, once the last of them has had its time. */
export class Watches {
  readonly #watched = new Map<ResourceStep, Watched>();

  get steps(): ResourceStep[] {
    return [...this.#watched.keys()];
  }

  add(result: TaskResult, watch: Watch): void {
    const since = performance.now();
    this.#watched.set(result.step, { result, watch, since, dueAt: since + watch.afterMs });
  }

  /** Rejects when the host is lost or the run is stopped: then they stay watched, and can be asked again. */
  async verdicts(session: HostSession, signal: AbortSignal): Promise<Verdict[]> {
    const watched = [...this.#watched.values()];
    const left = Math.max(...watched.map(({ dueAt }) => dueAt)) - performance.now();
    await sleep(Math.max(0, Math.ceil(left)), undefined, { signal });
    const said = await ask(watched, session, signal);
    this.#watched.clear();
    return watched.map(({ result, since }, index) => {
      const { exitCode, lines } = said[index] ?? { exitCode: -1, lines: [] };
      const durationMs = result.durationMs + performance.now() - since;
      const error = exitCode === 0 ? {} : { error: notUp(result.step, lines) };
      return { result: { ...result, durationMs, ...error }, isStartKnown: exitCode !== NO_START_KNOWN };
    });
  }

  /** Who is still watched when nobody will be asked any more. */
  takeAll(): ResourceStep[] {
    const steps = this.steps;
    this.#watched.clear();
    return steps;
  }
}

async function ask(watched: readonly Watched[], session: HostSession, signal: AbortSignal) {
  const marker = newMarker();
  const said = watched.map(() => ({ exitCode: -1, lines: [] as string[] }));
  const parser = new StreamParser(marker, (event) => {
    const answer = said[event.index];
    if (event.type === 'output') answer?.lines.push(event.text);
    if (event.type === 'end' && answer) answer.exitCode = event.exitCode;
  });
  const { stdout, stderr, exitCode } = await session.shell.run({
    script: streamScript(
      watched.map(({ watch }) => watch),
      marker,
      { all: true },
    ),
    step: watched[0]?.result.step.ref ?? 'watch',
    timeoutMs: ASK_TIMEOUT_MS,
    signal,
  });
  if (exitCode !== 0)
    throw new PiclusterError(`the look at what was started ended with exit status ${exitCode}`, {
      host: session.host.name,
      output: stderr.toString().slice(-2000),
    });
  parser.push(`${stdout}\n`);
  return said;
}

const notUp = (step: ResourceStep, lines: readonly string[]): StepFailedError =>
  new StepFailedError(`${step.title}: did not stay up after its start`, {
    host: step.host,
    step: step.ref,
    output: lines.join('\n'),
    hint: 'mend what the machine said and run again: it is started again until it stays up',
  });
