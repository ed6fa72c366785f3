import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatTime, plural } from './units.ts';

it.each([
  [0, '0 ms'],
  [8.4, '8 ms'],
  [95, '0.1 s'],
  [440, '0.4 s'],
  [9_940, '9.9 s'],
  [12_400, '12 s'],
  [119_000, '119 s'],
  [185_000, '3 min 5 s'],
  [7_440_000, '2 h 4 min'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

it.each([
  [980, '980 B'],
  [97_600, '97.6 KB'],
  [3_200_000, '3.2 MB'],
])('%d bytes is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it('writes times and counts', () => {
  expect(formatTime('2026-11-21T08:15:02.123Z')).toBe('2026-11-21 08:15:02 UTC');
  expect([plural(1, 'host'), plural(3, 'host')]).toEqual(['1 host', '3 hosts']);
});
