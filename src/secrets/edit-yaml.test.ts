import { expect, it } from 'vitest';
import { withoutSecret, withSecret, withSecrets } from './edit-yaml.ts';

const FILE = 'secrets.yaml.asc';
const TEXT = `# whose
k3s:
  token: old # rotated in May

git: { token: t }
`;

it.each([
  ['a value, in its place', TEXT, 'k3s.token', 'new', TEXT.replace('old', 'new')],
  ['by its name with a slash', TEXT, 'k3s/token', 'new', TEXT.replace('old', 'new')],
  ['the same value', TEXT, 'k3s.token', 'old', TEXT],
  ['beside another', TEXT, 'k3s.agent', 'x', TEXT.replace('May\n', 'May\n  agent: x\n')],
  ['in a flow map', TEXT, 'git.user', 'x', TEXT.replace('t }', 't, user: x }')],
  ['a map of its own', 'a: b\n', 'c.d.e', 'x', 'a: b\nc:\n  d:\n    e: x\n'],
  ['into nothing', '', 'a.b', 'x', 'a:\n  b: x\n'],
  ['below a comment', '# only\n', 'a', 'x', '# only\n\na: x\n'],
  ['into an empty map', '{}\n', 'a', 'x', '{ a: x }\n'],
  ['below a key without value', 'a:\n', 'a.b', 'x', 'a:\n  b: x\n'],
  ['what looks like a number', 'a: b\n', 'a', '0123', 'a: "0123"\n'],
  ['what looks like YAML', 'a: b\n', 'a', '*x: {', 'a: "*x: {"\n'],
  ['lines', 'a: b\n', 'k', 'one\ntwo\n', 'a: b\nk: |\n  one\n  two\n'],
  ['a long line stays one', 'a: b\n', 'a', `${'word '.repeat(40)}end`, `a: ${'word '.repeat(40)}end\n`],
])('set: %s', (_name, text, path, value, expected) => {
  expect(withSecret(FILE, text, path, value)).toBe(expected);
});

it.each([
  ['an empty value', 'a', '', 'the value of a is empty'],
  ['below a value', 'k3s.token.x', 'v', 'k3s.token is a value'],
  ['over a map', 'k3s', 'v', 'k3s holds other secrets'],
  ['no path', 'a..b', 'v', '"a..b" is no path of a secret'],
  ['what is kept of rotations', '_rotations.a', 'v', '_rotations is kept by picluster vault rotate'],
])('set refuses %s', (_name, path, value, message) => {
  expect(() => withSecret(FILE, TEXT, path, value)).toThrow(message);
});

it('several at once, each on top of the one before', () => {
  const values = new Map([
    ['a.b', 'x'],
    ['a.c', 'y'],
    ['k3s.token', 'new'],
  ]);
  expect(withSecrets(FILE, TEXT, values)).toBe(`${TEXT.replace('old', 'new')}a:\n  b: x\n  c: y\n`);
  expect(() =>
    withSecrets(
      FILE,
      TEXT,
      new Map([
        ['z', 'x'],
        ['z.y', 'x'],
      ]),
    ),
  ).toThrow('z is a value');
});

it.each([
  ['the only one of its map, with the comment above it', 'k3s.token', 'git: { token: t }\n'],
  ['a map', 'git', '# whose\nk3s:\n  token: old # rotated in May\n'],
])('remove: %s', (_name, path, expected) => {
  expect(withoutSecret(FILE, TEXT, path)).toBe(expected);
});

it('remove: what is not there is told', () => {
  expect(() => withoutSecret(FILE, TEXT, 'k3s.tokens')).toThrow('there is no secret "k3s.tokens" in secrets.yaml.asc');
});
