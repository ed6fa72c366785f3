import { expect, it } from 'vitest';
import type { ResourceStep } from './observe.ts';
import { untilHooked } from './step-hooks.ts';

const stretch = ['a', 'b', 'c', 'd'].map((name) => ({ name })) as unknown as ResourceStep[];

it.each([
  ['nothing hooked: all', 'abcd', '', 'abcd'],
  ['the first change is hooked: up to it', 'bd', 'b', 'ab'],
  ['a later one is hooked: what comes before it', 'ac', 'c', 'ab'],
  ['hooked and unchanged: all', 'a', 'c', 'abcd'],
  ['two in a row: one at a time', 'bc', 'bc', 'ab'],
])('%s', (_, changed, hooked, expected) => {
  const cut = untilHooked(
    stretch,
    ({ name }) => changed.includes(name),
    ({ name }) => hooked.includes(name),
  );
  expect(cut.map(({ name }) => name).join('')).toBe(expected);
});
