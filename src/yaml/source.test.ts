import { describe, expect, it } from 'vitest';
import { parseYaml, showPath } from './source.ts';

const TEXT = `base: &base
  mode: 0644
  list: [a, { b: 1 }]
other:
  <<: *base
  own: yes
alias: *base
1: one
`;

describe('a YAML file', () => {
  const source = parseYaml('a.yaml', TEXT);

  it('is YAML 1.2 with merge keys; all keys are text', () => {
    expect(source.mistakes).toEqual([]);
    expect(source.data).toEqual({
      base: { mode: 644, list: ['a', { b: 1 }] },
      other: { mode: 644, list: ['a', { b: 1 }], own: 'yes' },
      alias: { mode: 644, list: ['a', { b: 1 }] },
      '1': 'one',
    });
  });

  it.each([
    [['base', 'mode'], '2:9', '2:3'],
    [['base', 'list', 1, 'b'], '3:18', '3:15'],
    [['base', 'list', 7], '3:9', '3:9'],
    [['other', 'own'], '6:8', '6:3'],
    // What an alias or a merge key brings in stands where it is written.
    [['other', 'mode'], '2:9', '2:3'],
    [['alias', 'list', 0], '3:10', '3:10'],
    [['other', 'nowhere'], '5:3', '5:3'],
    [['nowhere', 'at', 'all'], '1:1', '1:1'],
    [[], '1:1', '1:1'],
  ])('%j: value at %s, key at %s', (path, value, key) => {
    const show = ({ line, column }: { line: number; column: number }) => `${line}:${column}`;
    expect([show(source.place(path)), show(source.keyPlace(path))]).toEqual([value, key]);
  });

  it('knows how a scalar is written', () => {
    expect(source.written(['other', 'mode'])).toBe('0644');
    expect(source.written(['other', 'nowhere'])).toBeUndefined();
  });

  it.each([
    ['a: 1\nb: 2\na: 3\n', '3:1: the key "a" is there twice'],
    ['a: {"x y": 1, "x y": 2}\n', '1:15: the key "x y" is there twice'],
    ['a: *b\n', '1:4: the alias *b has no anchor before it; text needs quotes'],
    ['a: *b\nb: &b 1\n', '1:4: the alias *b has no anchor before it; text needs quotes'],
    ['a: &b { c: *b }\n', '1:12: the alias *b stands inside of what it names'],
    ['a: !x y\n', '1:4: unknown tag !x; text that begins with ! needs quotes'],
    ['a: 1\n---\nb: 2\n', '2:1: a second document begins here; a file holds one'],
  ])('%j: %s', (text, expected) => {
    expect(parseYaml('a.yaml', text).mistakes.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
      expected,
    ]);
  });

  it('aliases that multiply are refused, and quickly', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 10; level++)
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    expect(parseYaml('a.yaml', lines.join('\n')).mistakes.map(({ message }) => message)).toEqual([
      'aliases expand to too much data',
    ]);
  });

  it('an empty one is an empty map', () => {
    expect(parseYaml('a.yaml', '# nothing\n').data).toEqual({});
  });
});

it('paths as people write them', () => {
  expect(showPath(['hosts', 'n1', 'keys', 0, 'name'])).toBe('hosts.n1.keys[0].name');
});
