import { expect, it } from 'vitest';
import { columnsOf, cutTo, padTo } from './width.ts';

it.each([
  ['plain', 5],
  ['Grüße', 5],
  ['u\u0308ber', 4],
  ['日本語', 6],
  ['한글 x', 6],
  ['🚀', 2],
  ['👩‍💻 works', 8],
  ['⚠️', 2],
  ['a\u200bb', 2],
  ['', 0],
])('%j takes %i columns', (text, columns) => expect(columnsOf(text)).toBe(columns));

it.each([
  ['plain', 5, 'plain'],
  ['plainer', 5, 'plai…'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['👩‍💻👩‍💻', 3, '👩‍💻…'],
  ['plain', 1, '…'],
  ['plain', 0, ''],
])('%j in %i columns is %j', (text, columns, expected) => expect(cutTo(columns, text)).toBe(expected));

it('pads what is wide less', () => expect(padTo(8, '日本')).toBe('日本    '));
