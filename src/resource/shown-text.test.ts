import { describe, expect, it } from 'vitest';
import { sizesInstead } from './shown-text.ts';

const OLD = `\u0001123456 ${'a'.repeat(64)}  -`;

describe('sizesInstead', () => {
  it.each([
    ['texts', 'a\n', 'b\tä\r\n', undefined],
    ['a big or binary file before', OLD, 'b\n', '123456 bytes, sha256 aaaaaaaaaaaa -> 2 bytes, sha256 0263829989b6'],
    ['a binary file after', 'b\n', '\0\u0001', '2 bytes, sha256 0263829989b6 -> 2 bytes, sha256 b413f47d13ee'],
    ['a big file that is new', '', 'x'.repeat(65_537), 'nothing -> 65537 bytes, sha256'],
  ])('%s', (_, before, after, expected) => {
    if (expected === undefined) expect(sizesInstead(before, after)).toBeUndefined();
    else expect(sizesInstead(before, after)).toContain(`not shown, as it is big or no text: ${expected}`);
  });
});
