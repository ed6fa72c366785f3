import { expect, it } from 'vitest';
import { requestText } from '#src/shell/program.ts';
import { findRequest } from './words.ts';

const SCRIPT = `echo 'it''s' "two  blanks"\nprintf '%s\\n' '\\''`;

it('finds the request that the shell is sent, and what comes behind it is left', () => {
  const first = requestText('marker-1', 7, SCRIPT);
  const found = findRequest(`${first}${requestText('marker-1', 8, 'true')}`);
  expect(found).toEqual({ id: 7, script: SCRIPT, length: first.length });
});

it('waits until all of it is there', () => {
  const text = requestText('marker-1', 7, SCRIPT);
  for (let length = 0; length < text.length; length++) expect(findRequest(text.slice(0, length))).toBeUndefined();
});
