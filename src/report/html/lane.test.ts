import { describe, expect, it } from 'vitest';
import { axis, lane, tickOf } from './lane.ts';

it.each([
  [0, 100],
  [550, 100],
  [31_000, 10_000],
  [61_000, 15_000],
  [3_600_000, 600_000],
  [50_000_000, 10_800_000],
])('a run of %d ms has a line every %d ms', (total, tick) => expect(tickOf(total)).toBe(tick));

describe('a lane', () => {
  const rects = (bars: Parameters<typeof lane>[0], total: number): string[] =>
    [...lane(bars, total, 'x').text.matchAll(/x="([^"]+)%" width="([^"]+)%"/g)].map(([, x, width]) => `${x} ${width}`);
  const bar = (from: number, to: number) => ({ from, to, look: 'changed', says: '' });

  it('has its bars where their times are, in percent', () => {
    expect(rects([bar(0, 500), bar(500, 1000)], 1000)).toEqual(['0 50', '50 50']);
  });

  it('shows what is too short to be seen, and keeps it inside', () => {
    expect(rects([bar(0, 0), bar(1000, 1000)], 1000)).toEqual(['0 0.3', '99.7 0.3']);
  });

  it('is drawn of a run without any length', () => {
    expect(rects([bar(0, 0)], 0)).toEqual(['0 0.3']);
    expect(axis(0).text).toContain('left:0%');
  });
});
