import type { RoleGraph, StampedEvent } from '#src/engine/events.ts';
import { eventLines } from '#src/render/events-to-text.ts';
import { commandText } from './command-text.ts';
import { HostTrack } from './host-track.ts';
import { lengthOf, type Note, type Part, type ReportedStatus, type RunReport, type Span, type StepReport } from './run-report.ts';

const SLOWEST = 10;
/** Events that are told as they were while the run went on. */
const NOTED: readonly StampedEvent['type'][] = ['host.key.trusted', 'host.reconnecting', 'host.reconnected', 'hook.end'];

/** Everything a report says, made of a run's events and of nothing else; of a run under way or killed, as far as it came. Pure. */
export function reportOf(events: readonly StampedEvent[]): RunReport {
  const tracks = new Tracks(events);
  const start = events.find((event) => event.type === 'run.start');
  const end = events.findLast((event) => event.type === 'run.end');
  const hosts = tracks.hosts.map((track) => track.report());
  const steps = hosts.flatMap((host) => host.steps);
  return {
    run: start?.run ?? '',
    command: start ? commandText(start) : '',
    cluster: start?.cluster ?? '',
    release: start?.release ?? '',
    version: start?.version ?? '',
    by: start?.by,
    startedAt: events[0]?.at ?? '',
    durationMs: tracks.endedAt,
    state: end?.status ?? 'unfinished',
    exitCode: end?.exitCode,
    counts: countsOf(steps),
    phases: tracks.phases,
    roles: rolesOf(steps),
    hosts,
    slowest: steps
      .filter(({ span }) => span)
      .sort((a, b) => lengthOf(b.span!) - lengthOf(a.span!))
      .slice(0, SLOWEST),
    traffic: hosts.reduce(
      (sum, { traffic }) => ({
        requests: sum.requests + (traffic?.requests ?? 0),
        bytesSent: sum.bytesSent + (traffic?.bytesSent ?? 0),
        bytesReceived: sum.bytesReceived + (traffic?.bytesReceived ?? 0),
      }),
      { requests: 0, bytesSent: 0, bytesReceived: 0 },
    ),
    notes: tracks.notes,
    graph: tracks.graph,
  };
}

/** Goes through the events once and gives each to the host it is about. */
class Tracks {
  readonly endedAt: number;
  readonly phases: Part[] = [];
  readonly notes: Note[] = [];
  graph: RoleGraph = { roles: [], edges: [] };
  readonly #hosts = new Map<string, HostTrack>();
  readonly #startedAt: number;

  constructor(events: readonly StampedEvent[]) {
    this.#startedAt = Date.parse(events[0]?.at ?? '');
    this.endedAt = Math.max(0, ...events.slice(-1).map((event) => this.#at(event)));
    for (const event of events) this.#see(event);
  }

  get hosts(): HostTrack[] {
    return [...this.#hosts.values()];
  }

  #at(event: StampedEvent): number {
    return Date.parse(event.at) - this.#startedAt;
  }

  #see(event: StampedEvent): void {
    const at = this.#at(event);
    if (event.type === 'run.start') for (const host of event.hosts) this.#host(host);
    else if (event.type === 'phase.start') this.phases.push({ name: event.phase, from: at, to: this.endedAt });
    else if (event.type === 'phase.end') this.#endPhase(event.phase, at);
    else if (event.type === 'plan.graph') this.graph = { roles: event.roles, edges: event.edges };
    else if (event.type === 'fact' || event.type === 'warning')
      this.notes.push({ at, kind: event.type, host: event.host, text: event.text });
    else if ('host' in event && event.host) this.#host(event.host).see(event, at);
    if (!NOTED.includes(event.type)) return;
    const output = event.type === 'hook.end' && event.output !== '' ? { output: event.output } : {};
    for (const text of eventLines(event, { showDiffs: false })) this.notes.push({ at, kind: 'fact', text, ...output });
  }

  #endPhase(name: string, to: number): void {
    const index = this.phases.findLastIndex((phase) => phase.name === name);
    const phase = this.phases[index];
    if (phase) this.phases[index] = { ...phase, to };
  }

  #host(name: string): HostTrack {
    const known = this.#hosts.get(name);
    if (known) return known;
    const track = new HostTrack(name, this.endedAt);
    this.#hosts.set(name, track);
    return track;
  }
}

function countsOf(steps: readonly StepReport[]): Record<ReportedStatus, number> {
  const counts = { unchanged: 0, changed: 0, failed: 0, 'not-reached': 0, skipped: 0, planned: 0, unfinished: 0 };
  for (const { status } of steps) counts[status] += 1;
  return counts;
}

/** Of steps that were begun; roles in the order of their first start. */
function rolesOf(steps: readonly StepReport[]): Part[] {
  const begun = steps.flatMap(({ role, span }) => (span ? [{ role, span }] : []));
  return [...Map.groupBy(begun, ({ role }) => role)]
    .map(([name, members]) => ({ name, ...hull(members.map(({ span }) => span)) }))
    .sort((a, b) => a.from - b.from);
}

const hull = (spans: readonly Span[]): Span => ({
  from: spans.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY),
  to: spans.reduce((most, { to }) => Math.max(most, to), 0),
});
