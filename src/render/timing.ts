import type { StampedEvent } from '#src/engine/events.ts';

/** Wall-clock time of one part of a run, milliseconds. */
export interface Timing {
  part: string;
  durationMs: number;
}

interface Span {
  from: number;
  to: number;
}

/** Follows a run's events and says how long each part took: connect, plan, then each role from the first start to the last end of its steps over all hosts. */
export class TimingCollector {
  readonly #phases: Timing[] = [];
  readonly #roles = new Map<string, Span>();

  onEvent(event: StampedEvent): void {
    if (event.type === 'phase.end' && event.phase !== 'apply')
      this.#phases.push({ part: event.phase, durationMs: event.durationMs });
    if (event.type !== 'step.end' || event.status !== 'changed') return;
    const role = event.step.slice(0, event.step.indexOf('/'));
    const to = Date.parse(event.at);
    const span = this.#roles.get(role) ?? { from: Number.POSITIVE_INFINITY, to: 0 };
    this.#roles.set(role, { from: Math.min(span.from, to - event.durationMs), to: Math.max(span.to, to) });
  }

  get timings(): Timing[] {
    return [...this.#phases, ...[...this.#roles].map(([part, { from, to }]) => ({ part, durationMs: to - from }))];
  }
}
