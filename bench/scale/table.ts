import { spreadOf } from '../statistics.ts';

/** A converged run over many hosts. */
export interface ScaleRun {
  readonly wallMs: number;
  /** Of picluster's process alone, as the rest. */
  readonly cpuMs: number;
  readonly startMs: number;
  readonly memoryMiB: number;
  readonly lagMs: number;
  readonly connections: number;
  readonly mostOpen: number;
  readonly requests: number;
  /** Of the host that needed most. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** The runs of one case. */
export interface ScaleRow {
  readonly hosts: number;
  readonly rttMs: number;
  /** A host. */
  readonly resources: number;
  readonly runs: readonly ScaleRun[];
}

const COLUMNS: readonly { title: string; digits: number; of(run: ScaleRun, row: ScaleRow): number }[] = [
  { title: 'wall s', digits: 2, of: ({ wallMs }) => wallMs / 1000 },
  { title: 'CPU s', digits: 2, of: ({ cpuMs }) => cpuMs / 1000 },
  { title: 'CPU ms a host beyond start-up', digits: 1, of: ({ cpuMs, startMs }, { hosts }) => (cpuMs - startMs) / hosts },
  { title: 'start-up CPU ms', digits: 0, of: ({ startMs }) => startMs },
  { title: 'memory MiB', digits: 0, of: ({ memoryMiB }) => memoryMiB },
  { title: 'lag ms', digits: 0, of: ({ lagMs }) => lagMs },
  { title: 'open at once', digits: 0, of: ({ mostOpen }) => mostOpen },
  { title: 'requests a host', digits: 1, of: ({ requests }, { hosts }) => requests / hosts },
  { title: 'KB up', digits: 1, of: ({ bytesUp }) => bytesUp / 1000 },
  { title: 'KB down', digits: 1, of: ({ bytesDown }) => bytesDown / 1000 },
];

/** One number where all runs came to the same, else min / median / max. */
function spread(values: readonly number[], digits: number): string {
  const { min, median, max } = spreadOf(values);
  const [low, middle, high] = [min, median, max].map((value) => value.toFixed(digits));
  return low === high ? `${middle}` : `${low} / **${middle}** / ${high}`;
}

/** A case as a line of the table. Pure. */
export function scaleLine(row: ScaleRow): string {
  const cells = COLUMNS.map(({ digits, of }) =>
    spread(
      row.runs.map((run) => of(run, row)),
      digits,
    ),
  );
  return `| ${[row.hosts, row.rttMs, row.resources, ...cells].join(' | ')} |`;
}

/** All cases as a Markdown page. Pure. */
export function scalePage(rows: readonly ScaleRow[], { date, load, runs }: { date: string; load: number; runs: number }): string {
  const titles = ['hosts', 'round trip ms', 'resources a host', ...COLUMNS.map(({ title }) => title)];
  return [
    '# Scale',
    '',
    `Made by \`make bench\` on ${date.slice(0, 10)}: converged runs of the command line, ${runs} a case: min / **median** / max; load ${load.toFixed(1)} before it began.`,
    'Hosts are names of one fake SSH server in another process, behind a proxy that delays; CPU, memory and lag (the longest time for which the event loop did nothing else) are those of picluster alone.',
    '',
    `| ${titles.join(' | ')} |`,
    `|${' --- |'.repeat(titles.length)}`,
    ...rows.map(scaleLine),
    '',
  ].join('\n');
}
