import { stripVTControlCharacters } from 'node:util';

/** What a machine said, without what would move the cursor, change colours or ring: lines and tabs stay, a carriage return begins a line. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');
