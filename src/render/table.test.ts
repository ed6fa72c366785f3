import { expect, it } from 'vitest';
import { tableLines } from './table.ts';

it('pads columns to their widest cell, wide characters too', () => {
  expect(
    tableLines([
      ['NODE', 'READY'],
      ['n1', 'True'],
      ['日本語', 'False'],
    ]),
  ).toEqual(['NODE    READY', 'n1      True', '日本語  False']);
});
