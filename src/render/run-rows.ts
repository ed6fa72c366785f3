import type { StampedEvent } from '#src/engine/events.ts';
import type { StepRef } from '#src/role/step.ts';
import { printable } from './printable.ts';
import { formatDuration, plural } from './units.ts';
import { cutTo, padTo } from './width.ts';

interface HostRow {
  readonly name: string;
  planned: number;
  ended: number;
  changed: number;
  failed: number;
  missed: number;
  /** What it is at, and since when (epoch milliseconds). */
  doing: { what: string; said: string; since: number } | undefined;
  /** Steps that have begun and not ended, and when: a service is watched while others are done. */
  readonly begun: Map<string, number>;
  isWaiting: boolean;
  endedAt: number | undefined;
}

export interface Room {
  readonly columns: number;
  /** Lines at most, the first one included. */
  readonly lines: number;
}

/** A run at work as a few rows: how far it is, and what each host does since when. Pure: the time is given. */
export class RunRows {
  readonly #hosts = new Map<string, HostRow>();
  readonly #planned = new Set<StepRef>();
  #ended = 0;
  #startedAt = 0;
  #notice = '';

  see(event: StampedEvent): void {
    const at = Date.parse(event.at);
    if (event.type === 'step.planned') {
      this.#planned.add(event.step);
      this.#row(event.host).planned += 1;
    } else if (event.type === 'host.work') this.#startedAt = at;
    else if (event.type === 'warning') this.#notice = event.text;
    else if ('host' in event && event.host) this.#seeHost(this.#row(event.host), event, at);
  }

  #row(name: string): HostRow {
    const known = this.#hosts.get(name);
    if (known) return known;
    const row: HostRow = {
      name,
      planned: 0,
      ended: 0,
      changed: 0,
      failed: 0,
      missed: 0,
      doing: undefined,
      begun: new Map(),
      isWaiting: false,
      endedAt: undefined,
    };
    this.#hosts.set(name, row);
    return row;
  }

  #seeHost(row: HostRow, event: StampedEvent, at: number): void {
    const doing = (what: string, isWaiting = false): void => {
      row.doing = { what, said: '', since: at };
      row.isWaiting = isWaiting;
    };
    if (event.type === 'step.start') {
      row.begun.set(stepName(event.step), at);
      doing(stepName(event.step));
    } else if (event.type === 'host.waiting') doing(`waits for ${event.for}`, true);
    else if (event.type === 'host.queued') doing(`waits for its turn in ${event.pool}`, true);
    else if (event.type === 'host.reconnecting') doing(`reconnecting: ${event.reason}`, true);
    else if (event.type === 'step.output' && row.doing) row.doing.said = printable(event.text).trim().split('\n').at(-1) ?? '';
    else if (event.type === 'host.done') row.endedAt = at;
    else if (event.type === 'step.end') this.#stepEnd(row, event);
  }

  #stepEnd(row: HostRow, { step, status }: Extract<StampedEvent, { type: 'step.end' }>): void {
    if (this.#planned.has(step) && status !== 'not-reached') {
      row.ended += 1;
      this.#ended += 1;
    }
    if (status === 'changed') row.changed += 1;
    if (status === 'failed') row.failed += 1;
    if (status === 'not-reached') row.missed += 1;
    row.begun.delete(stepName(step));
    if (row.doing?.what !== stepName(step)) return;
    const [what, since] = [...row.begun].at(-1) ?? [];
    row.doing = what === undefined || since === undefined ? undefined : { what, said: '', since };
  }

  get hasFailed(): boolean {
    return [...this.#hosts.values()].some(({ failed, missed }) => failed + missed > 0);
  }

  /** The first row is the whole run; then a row a host, those at work first where there is no room for all. Hosts without changes have none. */
  rows(now: number, { columns, lines }: Room): string[] {
    const hosts = [...this.#hosts.values()].filter(({ planned, failed, missed }) => planned + failed + missed > 0);
    const room = Math.max(1, lines - 1);
    const shown = hosts.length <= room ? hosts : byUrgency(hosts).slice(0, room - 1);
    const width = Math.max(0, ...shown.map(({ name }) => name.length));
    const rest = hosts.filter((host) => !shown.includes(host));
    return [
      this.#headline(now),
      ...shown.map((host) => hostText(host, width, now, this.#startedAt)),
      ...(rest.length > 0 ? [restText(rest)] : []),
    ].map((line) => cutTo(columns, line));
  }

  #headline(now: number): string {
    const time = formatDuration(now - this.#startedAt);
    return `${this.#ended} of ${plural(this.#planned.size, 'step')}, ${time}${this.#notice && `; ${this.#notice}`}`;
  }
}

const stepName = (ref: StepRef): string => ref.slice(0, ref.lastIndexOf('@'));

/** What runs longest first, then what waits, then what is not begun or has ended. */
function byUrgency(hosts: readonly HostRow[]): HostRow[] {
  const rank = ({ endedAt, doing, isWaiting }: HostRow): number => (endedAt !== undefined ? 3 : !doing ? 2 : isWaiting ? 1 : 0);
  return [...hosts].sort((a, b) => rank(a) - rank(b) || (a.doing?.since ?? 0) - (b.doing?.since ?? 0));
}

function hostText(row: HostRow, width: number, now: number, startedAt: number): string {
  const { name, planned, ended, doing, endedAt } = row;
  if (endedAt !== undefined)
    return `${signOf(row)} ${padTo(width, name)}  ${resultText(row)} (${formatDuration(endedAt - startedAt)})`;
  const count = `${String(ended).padStart(String(planned).length)}/${planned}`;
  const since = doing ? formatDuration(now - doing.since).padStart(6) : '';
  return `${row.failed > 0 ? '✖' : ' '} ${padTo(width, name)}  ${count}  ${since}  ${doing ? doing.what : 'looks again'}${doing?.said ? `  ${doing.said}` : ''}`.trimEnd();
}

const signOf = ({ failed, missed }: HostRow): string => (failed > 0 ? '✖' : missed > 0 ? '○' : '✔');

function resultText({ changed, failed, missed }: HostRow): string {
  return [
    `${changed} changed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(missed > 0 ? [`${missed} not reached`] : []),
  ].join(', ');
}

function restText(hosts: readonly HostRow[]): string {
  const ended = hosts.filter(({ endedAt }) => endedAt !== undefined).length;
  const waiting = hosts.filter(({ endedAt, isWaiting, doing }) => endedAt === undefined && doing && isWaiting).length;
  const parts = [`${ended} done`, `${waiting} waiting`, `${hosts.length - ended - waiting} at work`];
  return `  and ${plural(hosts.length, 'host')} more: ${parts.filter((part) => !part.startsWith('0 ')).join(', ')}`;
}
