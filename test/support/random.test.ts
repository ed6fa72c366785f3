import { expect, it } from 'vitest';
import { seeded, spread } from './random.ts';

it('gives the same numbers for the same seed, others for another', () => {
  const numbers = (seed: number) => Array.from({ length: 5 }, seeded(seed));
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
  for (const number of numbers(7)) expect(number >= 0 && number < 1).toBe(true);
});

it('spreads over the whole range', () => {
  expect(spread(3, 9, () => 0)).toEqual([1, 4, 7]);
  expect(spread(3, 9, () => 0.999)).toEqual([3, 6, 9]);
  expect(spread(1, 1, () => 0.5)).toEqual([1]);
});
