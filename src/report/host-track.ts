import type { EventError, HostTraffic, StampedEvent } from '#src/engine/events.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import type { HostReport, Span, StepReport, Waiting } from './run-report.ts';

interface Known {
  title: string;
  change?: Change;
  from?: number;
  output: string[];
}

/** Follows the events of one host. Times are milliseconds since the run began. */
export class HostTrack {
  readonly #name: string;
  /** When the journal ends: what is open then is drawn until then. */
  readonly #end: number;
  #address: string | undefined;
  #summary: string | undefined;
  #connectingSince: number | undefined;
  #connect: Span | undefined;
  #observe: Span | undefined;
  #waiting: { for: string; from: number } | undefined;
  readonly #waits: Waiting[] = [];
  #traffic: HostTraffic | undefined;
  #lost: EventError | undefined;
  /** Steps without an outcome. */
  readonly #open = new Map<StepRef, Known>();
  readonly #ended: StepReport[] = [];

  constructor(name: string, end: number) {
    this.#name = name;
    this.#end = end;
  }

  see(event: StampedEvent, at: number): void {
    if (event.type !== 'host.reconnecting' || event.attempt === 1) this.#goOn(at);
    const awaited = awaitedOf(event);
    if (awaited !== undefined) {
      this.#waiting ??= { for: awaited, from: at };
      return;
    }
    if (event.type === 'step.planned') Object.assign(this.#step(event.step, event.title), { change: event.change });
    else if (event.type === 'step.start') this.#step(event.step, event.title).from ??= at;
    else if (event.type === 'step.output') this.#open.get(event.step)?.output.push(event.text);
    else if (event.type === 'step.end') this.#stepEnd(event, at);
    else this.#seeHost(event, at);
  }

  #seeHost(event: StampedEvent, at: number): void {
    if (event.type === 'host.connecting') {
      this.#address = event.address;
      this.#connectingSince = at;
    } else if (event.type === 'host.connected') this.#connect = { from: at - event.durationMs, to: at };
    else if (event.type === 'host.facts') this.#summary = event.summary;
    else if (event.type === 'host.observed') this.#observe = { from: at - event.durationMs, to: at };
    else if (event.type === 'host.lost') {
      this.#lost = event.error;
      this.#connect ??= { from: this.#connectingSince ?? at, to: at };
    } else if (event.type === 'host.end') this.#traffic = event.traffic;
  }

  /** A wait ends with the next event of the host. */
  #goOn(at: number): void {
    if (this.#waiting && at > this.#waiting.from) this.#waits.push({ ...this.#waiting, to: at });
    this.#waiting = undefined;
  }

  #step(ref: StepRef, title: string): Known {
    const known = this.#open.get(ref);
    if (known) return known;
    const fresh: Known = { title, output: [] };
    this.#open.set(ref, fresh);
    return fresh;
  }

  /** The event comes once the step was verified, which may be long after it ended: its time is its start and how long it took. */
  #stepEnd(event: Extract<StampedEvent, { type: 'step.end' }>, at: number): void {
    const { step, title, status, change, durationMs, error, reason } = event;
    const known = this.#open.get(step);
    this.#open.delete(step);
    const from = known?.from ?? (durationMs > 0 ? at - durationMs : undefined);
    const span = from === undefined ? undefined : { from, to: Math.min(from + durationMs, Math.max(at, from)) };
    this.#ended.push({
      ...placed(step, this.#name),
      title,
      status,
      span,
      change: change && { ...change, diff: change.diff ?? known?.change?.diff },
      error,
      reason,
      output: known?.output ?? [],
    });
  }

  report(): HostReport {
    this.#goOn(this.#end);
    const open = [...this.#open].map(
      ([ref, { title, change, from, output }]): StepReport => ({
        ...placed(ref, this.#name),
        title,
        status: from === undefined ? 'planned' : 'unfinished',
        span: from === undefined ? undefined : { from, to: this.#end },
        change,
        output,
      }),
    );
    return {
      name: this.#name,
      address: this.#address,
      summary: this.#summary,
      connect: this.#connect,
      observe: this.#observe,
      waits: this.#waits,
      steps: [...this.#ended, ...open.sort((a, b) => Number(a.span === undefined) - Number(b.span === undefined))],
      traffic: this.#traffic,
      lost: this.#lost,
    };
  }
}

/** What the host waits for from now on. */
function awaitedOf(event: StampedEvent): string | undefined {
  if (event.type === 'host.waiting') return event.for;
  if (event.type === 'host.queued') return `its turn in ${event.pool}`;
  return event.type === 'host.reconnecting' ? 'its connection' : undefined;
}

function placed(ref: StepRef, host: string): Pick<StepReport, 'ref' | 'host' | 'role' | 'name'> {
  const name = ref.slice(0, ref.lastIndexOf('@'));
  return { ref, host, role: ref.slice(0, ref.indexOf('/')), name };
}
