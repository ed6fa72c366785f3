/** Smallest, middle and largest of some measurements, in their unit. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Of an even number of values the median is the mean of the two in the middle. Throws RangeError for none. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return { min: sorted[0] ?? Number.NaN, median: (low + high) / 2, max: sorted.at(-1) ?? Number.NaN };
}

/**
 * The median of how many times longer `slow` took than `fast`, run by run: both were measured side by side in the same run, so what else
 * the machine did then weighs on both.
 */
export function medianRatio(slow: readonly number[], fast: readonly number[]): number {
  const pairs = Math.min(slow.length, fast.length);
  return spreadOf(Array.from({ length: pairs }, (_, run) => (slow[run] ?? Number.NaN) / (fast[run] ?? Number.NaN))).median;
}
