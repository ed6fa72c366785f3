import { expect, it } from 'vitest';
import { base64, cookieSecret, hex, k3sToken, password, token } from './random.ts';

const CHARACTERS = 62;
const EACH = 2_000;
/** Chi-square of 61 degrees of freedom is above this once in 10^12 times. */
const BOUND = 170;

function chiSquare(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const expected = text.length / CHARACTERS;
  const seen = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return seen + (CHARACTERS - counts.size) * expected;
}

it('every letter and digit of a password has the same chance', () => {
  expect(chiSquare(password(CHARACTERS * EACH))).toBeLessThan(BOUND);
});

it('the bound sees the bias of bytes that are taken modulo 62', () => {
  const biased = (below: number): number => Math.floor(Math.random() * 256) % below;
  expect(chiSquare(password(CHARACTERS * EACH, biased))).toBeGreaterThan(BOUND);
});

it.each([
  ['a password', () => password(32), /^[A-Za-z0-9]{32}$/],
  ['a token', () => token(32), /^[A-Za-z0-9][\w-]{31}$/],
  ['hexadecimal', () => hex(24), /^[0-9a-f]{48}$/],
  ['base64', () => base64(32), /^[A-Za-z0-9+/]{43}=$/],
  ['a token of K3s, which is never taken for one with a checksum', k3sToken, /^[0-9a-f]{64}$/],
])('%s', (_name, make, form) => {
  const made = Array.from({ length: 200 }, make);
  for (const value of made) expect(value).toMatch(form);
  expect(new Set(made).size).toBe(made.length);
});

it.each([16, 24, 32] as const)('a cookie secret is %i bytes in the alphabet of URLs', (bytes) => {
  for (let count = 0; count < 50; count += 1) {
    const secret = cookieSecret(bytes);
    expect(secret).toMatch(/^[\w-]+={0,2}$/);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(bytes);
  }
});
