import { expect, it } from 'vitest';
import { medianRatio, spreadOf } from './statistics.ts';

it.each([
  [[3], { min: 3, median: 3, max: 3 }],
  [[3, 1, 2], { min: 1, median: 2, max: 3 }],
  [[4, 1, 2, 3], { min: 1, median: 2.5, max: 4 }],
])('spread of %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

it('has nothing to say about no measurements', () => {
  expect(() => spreadOf([])).toThrow(RangeError);
});

it('ratios are those of each run, not of two medians', () => {
  expect(medianRatio([10, 40, 90], [1, 2, 3])).toBe(20);
});
