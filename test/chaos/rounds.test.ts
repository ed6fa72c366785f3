import { expect, it } from 'vitest';
import { planRounds, TYPES } from './rounds.ts';

const HOSTS = ['c1', 'c2', 'c3', 'c4'];

it.each([5, 100])('%i faults: equally many of each type, never two at once on a machine, the same for the same seed', (count) => {
  const rounds = planRounds(7, count, HOSTS);
  expect(planRounds(7, count, HOSTS)).toEqual(rounds);
  expect(planRounds(8, count, HOSTS)).not.toEqual(rounds);
  for (const type of TYPES) expect(rounds.flat().filter((fault) => fault.type === type)).toHaveLength(count / TYPES.length);
  for (const round of rounds) {
    expect(new Set(round.map(({ host }) => host)).size).toBe(round.length);
    if (round.some(({ type }) => type === 'kill')) expect(round).toHaveLength(1);
  }
});
