import { expect, it } from 'vitest';
import { Duration, secondsOf } from './duration.ts';

it.each([
  ['30s', 30],
  ['5m', 300],
  ['1m30s', 90],
  ['2h', 7200],
  ['0s', 0],
])('%s is %i seconds', (text, seconds) => {
  expect(secondsOf(Duration.parse(text))).toBe(seconds);
});

it.each(['', '30', 's', '1.5s', '1s1m', '-1s', '10ms'])('refuses %j', (text) => {
  expect(Duration.safeParse(text).success).toBe(false);
});
