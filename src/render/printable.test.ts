import { expect, it } from 'vitest';
import { errorLines } from './events-to-text.ts';
import { printable } from './printable.ts';

it.each([
  ['plain\ttext\n', 'plain\ttext\n'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]0;a title\u0007rest', 'rest'],
  ['10%\r20%\r\nend', '10%\n20%\nend'],
  ['bell\u0007 null\u0000', 'bell\ufffd null\ufffd'],
  ['Grüße 日本', 'Grüße 日本'],
])('%j is printed as %j', (text, expected) => expect(printable(text)).toBe(expected));

it('is how the output of a failed step is printed', () => {
  expect(errorLines({ code: 'E_STEP', message: 'failed', output: '\u001b[2Jgone\u0007' }, 'FAILED').slice(2)).toEqual([
    '  the machine said:',
    '    | gone\ufffd',
  ]);
});
