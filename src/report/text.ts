import { errorLines } from '#src/render/events-to-text.ts';
import { tableLines } from '#src/render/table.ts';
import { formatBytes, formatDuration, formatTime, plural } from '#src/render/units.ts';
import type { RunLine } from './journals.ts';
import { type HostReport, lengthOf, type Part, type RunReport, type Span, type StepReport } from './run-report.ts';

const MOST_HOSTS = 20;

/** What `picluster report` prints: how it ended, what failed, and where the time went. Pure. */
export function reportText(report: RunReport): string {
  const blocks = [
    headline(report),
    ...failures(report),
    notReached(report),
    report.notes.filter(({ kind }) => kind === 'warning').map(({ host, text }) => `warning: ${host ? `${host}: ` : ''}${text}`),
    partTable('PHASE', report.phases),
    partTable('ROLE', report.roles),
    hostTable(report),
    slowestTable(report.slowest),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headline(report: RunReport): string[] {
  const { command, cluster, release, by, run, startedAt, durationMs, hosts, state, exitCode } = report;
  return [
    `${command} of ${cluster} (release ${release})${by ? ` by ${by}` : ''}, run ${run}`,
    `${formatTime(startedAt)}, ${formatDuration(durationMs)}, ${plural(hosts.length, 'host')}: ${stateText(state, exitCode)}`,
    countsText(report),
  ];
}

const stateText = (state: RunReport['state'], exitCode: number | undefined): string =>
  state === 'unfinished'
    ? 'unfinished: it is under way, or was killed'
    : `${state}${exitCode === undefined || exitCode === 0 ? '' : `, exit code ${exitCode}`}`;

/** `3 changed, 1 failed`; what there is none of is not said. Pure. */
export function countsText({ counts, hosts }: RunReport): string {
  const lost = hosts.filter((host) => host.lost).length;
  const parts = [
    [counts.changed, 'changed'],
    [counts.planned, 'planned'],
    [counts.failed, 'failed'],
    [counts.unfinished, 'begun and not ended'],
    [counts['not-reached'], 'not reached'],
    [counts.unchanged, 'as they should be'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const steps = said.length > 0 ? said.join(', ') : 'no step has changed anything';
  return lost > 0 ? `${steps}; ${plural(lost, 'host')} lost` : steps;
}

function failures({ hosts }: RunReport): string[][] {
  const lost = hosts.flatMap(({ name, lost }) => (lost ? [errorLines(lost, `LOST     ${name}`)] : []));
  const failed = hosts.flatMap(({ steps }) => steps.filter(({ status }) => status === 'failed'));
  return [
    ...lost,
    ...failed.map(({ ref, error, span }) =>
      errorLines(error ?? { code: 'E_STEP', message: 'failed' }, `FAILED   ${ref}${span ? ` (${durationOf(span)})` : ''}`),
    ),
  ];
}

function notReached({ hosts }: RunReport): string[] {
  const steps = hosts.flatMap((host) => host.steps.filter(({ status }) => status === 'not-reached'));
  const byReason = Map.groupBy(steps, ({ reason }) => reason ?? 'for no known reason');
  return [...byReason].flatMap(([reason, members]) => [`NOT REACHED: ${reason}`, ...members.map(({ ref }) => `  ${ref}`)]);
}

const partTable = (heading: string, parts: readonly Part[]): string[] =>
  parts.length > 0 ? tableLines([[heading, 'TIME'], ...parts.map((part) => [part.name, durationOf(part)])]) : [];

const durationOf = (span: Span): string => formatDuration(lengthOf(span));
const sum = (spans: readonly Span[]): number => spans.reduce((total, span) => total + lengthOf(span), 0);

/** Time on a host that went into steps. */
export const busyMs = ({ steps }: HostReport): number => sum(steps.flatMap(({ span }) => span ?? []));
export const waitedMs = ({ waits }: HostReport): number => sum(waits);

function hostTable({ hosts, traffic }: RunReport): string[] {
  const longest = [...hosts].sort((a, b) => busyMs(b) - busyMs(a));
  const shown = hosts.length > MOST_HOSTS ? longest.slice(0, MOST_HOSTS) : hosts;
  const rows = shown.map((host) => [
    host.name,
    host.connect ? durationOf(host.connect) : '',
    host.observe ? durationOf(host.observe) : '',
    formatDuration(busyMs(host)),
    formatDuration(waitedMs(host)),
    String(host.steps.filter(({ status }) => status === 'changed').length),
    ...trafficCells(host.traffic),
  ]);
  const lines = tableLines([
    ['HOST', 'CONNECT', 'PROBE', 'STEPS', 'WAITED', 'CHANGED', 'ROUND TRIPS', 'SENT', 'RECEIVED'],
    ...rows,
    ...(hosts.length > 1 ? [['all', '', '', '', '', '', ...trafficCells(traffic)]] : []),
  ]);
  const more = hosts.length - shown.length;
  return more > 0 ? [...lines, `(${plural(more, 'host')} with less work: in --html and --output json)`] : lines;
}

const trafficCells = (traffic: HostReport['traffic']): string[] =>
  traffic ? [String(traffic.requests), formatBytes(traffic.bytesSent), formatBytes(traffic.bytesReceived)] : ['', '', ''];

const slowestTable = (steps: readonly StepReport[]): string[] =>
  steps.length > 0
    ? tableLines([['SLOWEST STEP', 'TIME'], ...steps.map(({ ref, span }) => [ref, span ? durationOf(span) : ''])])
    : [];

/** What `picluster runs` prints, oldest first. Pure. */
export function runsText(lines: readonly RunLine[]): string {
  const rows = lines.map(({ run, startedAt, command, by, durationMs, state, exitCode, changed, failed, notReached, hosts }) => [
    run,
    formatTime(startedAt),
    command,
    by ?? '',
    String(hosts),
    formatDuration(durationMs),
    exitCode ? `${state} (${exitCode})` : state,
    String(changed),
    String(failed),
    String(notReached),
  ]);
  const heading = ['RUN', 'BEGAN', 'COMMAND', 'BY', 'HOSTS', 'TOOK', 'RESULT', 'CHANGED', 'FAILED', 'NOT REACHED'];
  return `${tableLines([heading, ...rows]).join('\n')}\n`;
}
