import { expect, it } from 'vitest';
import { redactor } from './redactor.ts';
import { sealedStore } from './sealed.ts';
import { knownSecrets, Secret } from './secret.ts';
import { secretStore } from './store.ts';

const PASSWORD = 'it\'s "S3same" & $open\\ü';
const PEM = '-----BEGIN KEY-----\nc3dvcmRmaXNo+/==\n-----END KEY-----\n';
const redact = redactor([new Secret(PASSWORD, 'a'), new Secret(PEM, 'b'), new Secret('flux', 'git.username'), new Secret('abc')]);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const SPELLED: [string, string][] = [
  ['as it is', PASSWORD],
  ['in JSON', JSON.stringify(PASSWORD).slice(1, -1)],
  ['in a URL', encodeURIComponent(PASSWORD)],
  ['in a form', new URLSearchParams({ a: PASSWORD }).toString().slice(2).replaceAll('%27', "'")],
  ['in a word of a shell', PASSWORD.replaceAll("'", "'\\''")],
  ['in hexadecimal digits', Buffer.from(PASSWORD).toString('hex')],
  ['in base64', base64(PASSWORD)],
  ['in base64 for URLs', Buffer.from(PASSWORD).toString('base64url')],
  ['one line of several', 'c3dvcmRmaXNo+/=='],
  ['all lines', PEM],
];
it.each(SPELLED)('a secret is hidden: %s', (_name, spelled) => {
  expect(redact(`before ${spelled} after`)).toMatch(/^before \*\*\*\s?=? after$/);
});

it.each(['', 'g', 'gi', 'git', 'git:'])('a secret is hidden in the base64 of a longer text: after "%s"', (before) => {
  const hidden = redact(base64(`${before}${PASSWORD}!!`));
  expect(hidden).toMatch(/^.{0,6}\*\*\*.{0,6}$/);
});

it('short values, login names and everything else stay', () => {
  const text = 'abc flux -----BEGIN';
  expect(redact(text)).toBe(text);
  expect(redactor([])(text)).toBe(text);
});

it('of secrets that overlap nothing is left', () => {
  const both = redactor([new Secret('abcdef'), new Secret('defghi'), new Secret('abcd')]);
  expect(both('abcdefghi, abcd, xabcdefx')).toBe('***, ***, x***x');
});

it('what this process holds in clear is known, wherever it came from; what is closed is not', () => {
  new Secret('made somewhere');
  sealedStore('x', secretStore('x', new Map())).get('closed');
  const known = knownSecrets();
  expect(known.map((secret) => secret.reveal())).toContain('made somewhere');
  expect(known.map(({ label }) => label)).not.toContain('closed');
});
