import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { messageBlocks, withBlocks } from './blocks.ts';

const message = (body: string): string => `-----BEGIN PGP MESSAGE-----\n\n${body}\n=abcd\n-----END PGP MESSAGE-----\n`;
const indented = (text: string, indent: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line ? indent + line : ''))
    .join('\n');
const YAML = `# !vault | in a comment
a: !vault |
${indented(message('one'), '  ')}
b:
  c: !vault |-
${indented(message('two'), '      ')}

  d: !vault |
    no message
  e: "-----BEGIN PGP MESSAGE-----"
`;

it.each([
  ['a whole file', 'x.bin', message('one'), [[message('one'), 1]]],
  [
    'values',
    'x.yaml',
    YAML,
    [
      [message('one'), 3],
      [message('two'), 10],
    ],
  ],
  ['what is no YAML', 'x.md', YAML, []],
  ['none', 'x.yml', 'a: b\n', []],
])('finds %s', (_name, file, text, expected) => {
  expect(messageBlocks(file, text).map(({ armor, line }) => [armor, line])).toEqual(expected);
});

it('puts others in their places, and changes nothing else', () => {
  const blocks = messageBlocks('x.yaml', YAML);
  const armors = blocks.map(({ armor }) => armor);
  expect(withBlocks(YAML, blocks, armors)).toBe(YAML);
  const changed = withBlocks(YAML, blocks, [message('longer\nthan\nbefore'), message('x')]);
  const read = parse(changed, { customTags: [{ tag: '!vault', resolve: (text: string) => text }] });
  expect(read).toMatchObject({ a: message('longer\nthan\nbefore'), b: { c: message('x').trimEnd(), d: 'no message\n' } });
  expect(changed.startsWith('# !vault | in a comment\na: !vault |\n  -----BEGIN')).toBe(true);
  const whole = message('one');
  expect(withBlocks(whole, messageBlocks('x.asc', whole), [message('two')])).toBe(message('two'));
});
