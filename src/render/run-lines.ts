import type { StampedEvent } from '#src/engine/events.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import { eventLines } from './events-to-text.ts';
import { printable } from './printable.ts';
import { formatDuration, plural } from './units.ts';
import { cutTo } from './width.ts';

export interface LineOptions {
  readonly showDiffs: boolean;
  /** Also what machines say while steps run, what hosts wait for, and each host's facts. */
  readonly isVerbose: boolean;
  /** Of the terminal: what a line of a step has more is cut, but never what it says of data that is lost. Undefined: lines are whole. */
  columns?(): number | undefined;
}

const FEW_HOSTS = 8;

/** A run as lines for people, in order: little when little happens, one line a finished step. Knows what came before, touches nothing. */
export class RunLines {
  readonly #options: LineOptions;
  /** Hosts by what they said about themselves. */
  readonly #facts = new Map<string, string[]>();
  readonly #planned = new Set<StepRef>();
  readonly #ended = new Set<StepRef>();
  /** Why steps of a host were not reached, and how many. */
  readonly #missed = new Map<string, Map<string, number>>();

  constructor(options: LineOptions) {
    this.#options = options;
  }

  linesFor(event: StampedEvent): string[] {
    const { isVerbose } = this.#options;
    switch (event.type) {
      case 'run.start':
        return [`${event.command} of ${event.cluster}, release ${event.release}, run ${event.run}`];
      case 'host.facts':
        this.#facts.set(event.summary, [...(this.#facts.get(event.summary) ?? []), event.host]);
        return isVerbose ? eventLines(event, this.#options) : [];
      case 'phase.end':
        return event.phase === 'connect' && this.#facts.size > 0 ? [this.#connected(event.durationMs)] : [];
      case 'step.planned':
        this.#planned.add(event.step);
        return this.#cutFirst(eventLines(event, this.#options), event.change);
      case 'step.end':
        return this.#stepEnd(event);
      case 'step.output':
        return isVerbose
          ? printable(event.text)
              .split('\n')
              .map((line) => `  ${event.host} | ${line}`)
          : eventLines(event, this.#options);
      case 'host.waiting':
        return isVerbose ? [`${event.host}: waits for ${event.for}`] : [];
      case 'host.queued':
        return isVerbose ? [`${event.host}: waits for its turn in ${event.pool}`] : [];
      case 'host.done':
        return this.#notReached(event.host);
      default:
        return eventLines(event, this.#options);
    }
  }

  #connected(durationMs: number): string {
    const groups = [...this.#facts].map(([summary, hosts]) => `${hostsText(hosts)}: ${summary}`);
    return `connected in ${formatDuration(durationMs)}; ${groups.join('; ')}`;
  }

  #stepEnd(event: Extract<StampedEvent, { type: 'step.end' }>): string[] {
    if (this.#planned.has(event.step) && event.status !== 'not-reached') this.#ended.add(event.step);
    if (event.status === 'not-reached') {
      const reasons = this.#missed.get(event.host) ?? new Map<string, number>();
      const reason = event.reason ?? 'for no known reason';
      this.#missed.set(event.host, reasons.set(reason, (reasons.get(reason) ?? 0) + 1));
    }
    const [first, ...rest] = eventLines(event, this.#options);
    return first === undefined ? [] : this.#cutFirst([`${this.#progress()}${first}`, ...rest], event.change);
  }

  #cutFirst([first, ...rest]: readonly string[], change: Change | undefined): string[] {
    const columns = this.#options.columns?.();
    if (first === undefined) return [];
    return [columns === undefined || change?.destructive ? first : cutTo(columns, first), ...rest];
  }

  /** `[ 3/80] `: of what the plan said. */
  #progress(): string {
    const all = String(this.#planned.size);
    return `[${String(this.#ended.size).padStart(all.length)}/${all}] `;
  }

  #notReached(host: string): string[] {
    return [...(this.#missed.get(host) ?? [])].map(
      ([reason, count]) => `${host}: ${plural(count, 'step')} not reached: ${reason}`,
    );
  }
}

const hostsText = (hosts: readonly string[]): string =>
  hosts.length <= FEW_HOSTS ? [...hosts].sort().join(', ') : `${hosts.length} hosts`;
