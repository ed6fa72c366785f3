import { expect, it } from 'vitest';
import { rotationsOf, withoutRotation, withRotation } from './rotations.ts';

const TEXT = '# whose\nminio:\n  loki: new # mine\nlast: { a: b }\n';
const LOKI = {
  name: 'minio.loki',
  since: '2026-11-21T10:00:00.000Z',
  old: new Map([
    ['minio.loki', '0123'],
    ['x.key', 'one\ntwo\n'],
  ]),
};
const CA = { name: 'ca', since: '2026-11-22T10:00:00.000Z', old: new Map([['ca.key', 'x']]) };

it('what is recorded is read again, and everything else stays as it was', () => {
  const one = withRotation(TEXT, LOKI);
  const two = withRotation(one, CA);
  expect(two.startsWith(TEXT)).toBe(true);
  expect(rotationsOf(two)).toEqual([LOKI, CA]);
  expect(withoutRotation(two, 'ca')).toBe(one);
  expect(withoutRotation(one, 'minio.loki')).toBe(TEXT);
  expect(rotationsOf(TEXT)).toEqual([]);
  expect(rotationsOf('')).toEqual([]);
});
