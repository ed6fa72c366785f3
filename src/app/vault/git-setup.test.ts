import { expect, it } from 'vitest';
import { withLine, withoutLine } from './git-setup.ts';

it.each([
  ['', 'x\n', ''],
  ['a', 'a\nx\n', 'a'],
  ['a\n\nb\n', 'a\n\nb\nx\n', 'a\n\nb\n'],
  ['x\na\n', 'x\na\n', 'a\n'],
  ['a\n x \n', 'a\n x \n', 'a\n'],
])('%j with and without a line', (text, more, less) => {
  expect([withLine(text, 'x'), withoutLine(text, 'x')]).toEqual([more, less]);
});
