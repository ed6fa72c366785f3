import { medianRatio, spreadOf } from '../statistics.ts';
import { type Comparison, GOALS, PHASES, type Series, TOOLS } from './result.ts';

/** The comparison as a Markdown page: what each tool took, and what became of the goals. Pure. */
export function comparisonPage(comparison: Comparison): string {
  const { date, machine, load, versions } = comparison;
  const sizes = [...new Set(comparison.series.map(({ hosts }) => hosts))].sort((a, b) => a - b);
  return [
    '# Comparison',
    '',
    `Made by \`make bench\` on ${date.slice(0, 10)}, on ${machine}, load ${load.toFixed(1)} before it began. Control side and hosts share this machine.`,
    `Seconds: min / **median** / max; beside it how many times picluster's time that is (median over the runs of one machine state).`,
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '',
    ...sizes.flatMap((hosts) => sizeSection(comparison.series, hosts)),
    ...goalSection(comparison.series),
  ].join('\n');
}

function sizeSection(series: readonly Series[], hosts: number): string[] {
  const rows = PHASES.flatMap((phase) =>
    TOOLS.flatMap((tool) => {
      const own = find(series, hosts, phase, tool);
      const ours = find(series, hosts, phase, 'picluster');
      if (!own || !ours) return [];
      const { min, median, max } = spreadOf(own);
      const ratio = tool === 'picluster' ? '1' : medianRatio(own, ours).toFixed(1);
      return [
        `| ${phase} | ${tool} | ${own.length} | ${min.toFixed(2)} / **${median.toFixed(2)}** / ${max.toFixed(2)} | ${ratio} |`,
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    `## ${hosts} host${hosts === 1 ? '' : 's'}, 24 resources each`,
    '',
    '| | tool | runs | seconds | times picluster |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function goalSection(series: readonly Series[]): string[] {
  const rows = GOALS.flatMap(({ phase, tool, times }) => {
    const [theirs, ours] = [find(series, 4, phase, tool), find(series, 4, phase, 'picluster')];
    if (!theirs || !ours) return [];
    const ratio = tool === 'floor' ? medianRatio(ours, theirs) : medianRatio(theirs, ours);
    const isMet = tool === 'floor' ? ratio <= times : ratio >= times;
    const goal = tool === 'floor' ? `at most ${times} times the floor` : `${times} times faster than ${tool}`;
    return [`| ${phase} | ${goal} | ${ratio.toFixed(1)} | ${isMet ? 'met' : 'missed'} |`];
  });
  if (rows.length === 0) return [];
  return ['## Goals, 4 hosts', '', '| | goal | measured | |', '| --- | --- | --- | --- |', ...rows, ''];
}

export const find = (all: readonly Series[], hosts: number, phase: string, tool: string): readonly number[] | undefined =>
  all.find((series) => series.hosts === hosts && series.phase === phase && series.tool === tool)?.seconds;
