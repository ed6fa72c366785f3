import { spreadOf } from '../statistics.ts';
import { type Comparison, PHASES, TOOLS } from './result.ts';
import { find } from './table.ts';

const WIDTH = 860;
const LEFT = 170;
const RIGHT = 90;
const BAR = 16;
const GAP = 6;
const HEAD = 30;
const COLOURS: Readonly<Record<string, string>> = { picluster: '#1f6feb', floor: '#8b949e' };

/** The medians of one number of hosts as bars; a logarithmic axis, as they lie two orders of magnitude apart. Pure; the text of an SVG file. */
export function comparisonPlot({ series }: Comparison, hosts: number): string {
  const groups = PHASES.flatMap((phase) => {
    const bars = TOOLS.flatMap((tool) => {
      const seconds = find(series, hosts, phase, tool);
      return seconds ? [{ tool, median: spreadOf(seconds).median }] : [];
    });
    return bars.length > 0 ? [{ phase, bars }] : [];
  });
  const medians = groups.flatMap(({ bars }) => bars.map(({ median }) => median));
  const x = logScale(Math.min(...medians), Math.max(...medians));
  const lines: string[] = [];
  let y = HEAD;
  for (const { phase, bars } of groups) {
    lines.push(`<text x="10" y="${y + BAR}" font-weight="bold">${phase}, ${hosts} hosts</text>`);
    y += BAR + 2 * GAP;
    for (const { tool, median } of bars) {
      lines.push(
        `<text x="${LEFT - 8}" y="${y + BAR - 4}" text-anchor="end">${tool}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${(x(median) - LEFT).toFixed(1)}" height="${BAR}" fill="${COLOURS[tool] ?? '#d29922'}"/>`,
        `<text x="${(x(median) + 6).toFixed(1)}" y="${y + BAR - 4}">${median.toFixed(2)} s</text>`,
      );
      y += BAR + GAP;
    }
    y += 2 * GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">`,
    `<title>Seconds that each tool takes on ${hosts} hosts</title>`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    `<text x="10" y="18">seconds, median, logarithmic: shorter is better</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

/** Pixels of a number of seconds; the axis begins at the power of ten below the smallest. */
function logScale(smallest: number, largest: number): (seconds: number) => number {
  const from = Math.floor(Math.log10(smallest));
  const width = (WIDTH - LEFT - RIGHT) / (Math.log10(largest) - from || 1);
  return (seconds) => LEFT + (Math.log10(seconds) - from) * width;
}
