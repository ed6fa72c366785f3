import { expect, it } from 'vitest';
import { durationMs } from './duration.ts';

it.each([
  ['10m', 600_000],
  ['1m30s', 90_000],
  ['2h', 7_200_000],
])('%s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
