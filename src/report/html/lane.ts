import { formatDuration } from '#src/render/units.ts';
import { lengthOf, type Span } from '../run-report.ts';
import { type Html, html } from './html.ts';

/** A bar of a lane: what it is for, and what is said when it is pointed at. */
export interface Bar extends Span {
  /** Class of its look: a status, `connect`, `probe`, `waiting`, `phase`. */
  readonly look: string;
  readonly says: string;
}

const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000];
const MOST_TICKS = 6;

/** Milliseconds from one line of the scale to the next: a round number, few lines. Pure. */
export const tickOf = (durationMs: number): number =>
  STEPS_MS.find((candidate) => durationMs / candidate <= MOST_TICKS) ??
  Math.ceil(durationMs / MOST_TICKS / 3_600_000) * 3_600_000;

const percentOf = (ms: number, total: number): number => (total > 0 ? Math.round((ms / total) * 10_000) / 100 : 0);

/** The distance of the lines, for the style sheet. */
export const tickStyle = (total: number): string => `--tick:${percentOf(tickOf(total), total)}%`;

/** A line of time, the whole run wide. What is too short to be seen is drawn as wide as can be seen. Positions are percent: it fits every width. */
export function lane(bars: readonly Bar[], total: number, label: string): Html {
  const rects = bars.map((bar) => {
    const { x, width } = extent(bar, total);
    return html`<rect class="${bar.look}" x="${x}%" width="${width}%"><title>${bar.says}</title></rect>`;
  });
  return html`<svg class="lane" role="img" aria-label="${label}">${rects}</svg>`;
}

/** A lane whose row says all there is to say. */
export function plainLane(span: Span, look: string, total: number): Html {
  const { x, width } = extent(span, total);
  return html`<svg class="lane" aria-hidden="true"><rect class="${look}" x="${x}%" width="${width}%"/></svg>`;
}

function extent(span: Span, total: number): { x: number; width: number } {
  const width = Math.max(0.3, percentOf(lengthOf(span), total));
  return { x: Math.min(percentOf(span.from, total), 100 - width), width };
}

/** The scale above the lanes. */
export function axis(total: number): Html {
  const tick = tickOf(total);
  // What begins at the very end has no room for its text.
  const ticks = Array.from({ length: Math.floor((total * 0.97) / tick) + 1 }, (_, index) => index * tick);
  return html`<div class="axis" aria-hidden="true">${ticks.map(
    (at) => html`<span style="left:${percentOf(at, total)}%">${at === 0 ? '0' : formatDuration(at)}</span>`,
  )}</div>`;
}

export const spanText = (span: Span): string => `${formatDuration(lengthOf(span))}, from ${formatDuration(span.from)} on`;
