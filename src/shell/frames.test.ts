import { expect, it } from 'vitest';
import { FrameReader } from './frames.ts';
import { Tail } from './tail.ts';

const MARKER = 'mark-1234';
const STREAM = Buffer.from(`before${MARKER} begin 1\nda\0ta mark-12 mark-123${MARKER} end 1 0\nlate ${MARKER}x mar`, 'latin1');
const EXPECTED = ['before', '<begin 1>', 'da\0ta mark-12 mark-123', '<end 1 0>', `late ${MARKER}x `];

it.each([1, 2, 3, 7, 13, 1000])('finds frames however the bytes are cut: %i at a time', (size) => {
  const seen: string[] = [];
  let text = '';
  const flush = (): void => {
    if (text) seen.push(text);
    text = '';
  };
  const reader = new FrameReader(
    MARKER,
    (bytes) => {
      text += bytes.toString('latin1');
    },
    (words) => {
      flush();
      seen.push(`<${words.join(' ')}>`);
    },
  );
  for (let at = 0; at < STREAM.length; at += size) reader.push(STREAM.subarray(at, at + size));
  flush();
  expect(seen).toEqual(EXPECTED);
});

it.each([
  ['less than the limit', ['abc'], 'abc', 0],
  ['exactly the limit', ['ab', 'cde'], 'abcde', 0],
  ['more, in small pieces', ['ab', 'cd', 'ef', 'gh'], 'defgh', 3],
  ['more, in one piece', ['abcdefghij'], 'fghij', 5],
])('the tail of %s', (_, pieces, kept, dropped) => {
  const tail = new Tail(5);
  for (const piece of pieces) tail.push(Buffer.from(piece));
  expect({ kept: tail.bytes.toString(), dropped: tail.dropped }).toEqual({ kept, dropped });
});
