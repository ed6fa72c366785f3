import { expect, it } from 'vitest';
import { changeLines, compareSecrets } from './compare.ts';

const BEFORE = new Map(Object.entries({ same: 'x', gone: 'one\ntwo\n', other: 'old' }));
const AFTER = new Map(Object.entries({ same: 'x', other: 'new', come: 'y' }));

it('names what differs', () => {
  const changes = compareSecrets(BEFORE, AFTER);
  expect(changeLines(changes, false)).toEqual(['  + come', '  - gone', '  ~ other']);
  expect(changeLines(changes, true)).toEqual([
    '  + come',
    '      + y',
    '  - gone',
    '      - one',
    '      - two',
    '  ~ other',
    '      - old',
    '      + new',
  ]);
  expect(compareSecrets(AFTER, AFTER)).toEqual([]);
});
