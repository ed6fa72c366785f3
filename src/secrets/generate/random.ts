import { randomBytes, randomInt } from 'node:crypto';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const URL_SAFE = `${LETTERS_AND_DIGITS}-_`;

/** Every character has the same chance: randomInt rejects what would favour some. `random`: an integer below its argument. */
const wordOf = (alphabet: string, length: number, random = randomInt as (below: number) => number): string =>
  Array.from({ length }, () => alphabet[random(alphabet.length)]).join('');

export const password = (length: number, random?: (below: number) => number): string =>
  wordOf(LETTERS_AND_DIGITS, length, random);

/** For URLs and headers. It begins with a letter or a digit, so that no command takes it for an option. */
export const token = (length: number, random?: (below: number) => number): string =>
  wordOf(LETTERS_AND_DIGITS, 1, random) + wordOf(URL_SAFE, length - 1, random);

export const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

export const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');

/** OAuth2 Proxy takes base64 of 16, 24 or 32 bytes in the alphabet of URLs. Source: its documentation, cookie-secret. */
export const cookieSecret = (bytes: 16 | 24 | 32): string =>
  randomBytes(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

/** Hexadecimal, so that it neither begins with K10 nor holds `::`: K3s would read such a one as a token with a checksum and a user. */
export const k3sToken = (): string => hex(32);
