/** A converged run over many hosts, medians. */
export interface ScaleRow {
  readonly hosts: number;
  readonly rttMs: number;
  readonly resources: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly startMs: number;
  readonly memoryMiB: number;
  readonly lagMs: number;
  readonly connections: number;
  readonly mostOpen: number;
  readonly requests: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** The rows as a Markdown page. Pure. */
export function scalePage(rows: readonly ScaleRow[], { date, load, runs }: { date: string; load: number; runs: number }): string {
  const perHost = (row: ScaleRow): string => ((row.cpuMs - row.startMs) / row.hosts).toFixed(1);
  return [
    '# Scale',
    '',
    `Made by \`make bench\` on ${date.slice(0, 10)}: converged runs of the command line, medians of ${runs}; load ${load.toFixed(1)} at the end.`,
    'Hosts are names of one fake SSH server in another process, behind a proxy that delays; CPU, memory and lag are those of picluster alone.',
    '',
    '| hosts | round trip ms | resources a host | wall s | CPU s | CPU ms a host beyond start-up | start-up ms | memory MiB | lag ms | open at once | requests a host | KB up | KB down |',
    `|${' --- |'.repeat(13)}`,
    ...rows.map((row) =>
      [
        '',
        row.hosts,
        row.rttMs,
        row.resources,
        (row.wallMs / 1000).toFixed(2),
        (row.cpuMs / 1000).toFixed(2),
        perHost(row),
        row.startMs.toFixed(0),
        row.memoryMiB.toFixed(0),
        row.lagMs.toFixed(0),
        row.mostOpen,
        (row.requests / row.hosts).toFixed(1),
        (row.bytesUp / 1000).toFixed(1),
        (row.bytesDown / 1000).toFixed(1),
        '',
      ]
        .join(' | ')
        .trim(),
    ),
    '',
  ].join('\n');
}
