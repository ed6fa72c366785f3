import { isArmored } from './armor.ts';

/** Head of a YAML value that is encrypted: `password: !vault |`, with everything below it that is deeper indented. */
const INLINE = /^([ \t]*)([^\n#]*!vault[ \t]+[|>][-+\d]*[ \t]*\r?\n)((?:\1[ \t]+[^\n]*(?:\n|$)|[ \t]*\r?\n)+)/gm;
const MESSAGE = /-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----/;

/** An armoured message within a file: the file as a whole, or a value of its YAML. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** White space in front of each line. */
  readonly indent: string;
  readonly armor: string;
  /** From 1. */
  readonly line: number;
  /** It is the file, not a value in it. */
  readonly isWhole: boolean;
}

/** The messages in a text, in its order. `file`: only YAML has some as values. Pure. */
export function messageBlocks(file: string, text: string): Block[] {
  if (isArmored(text)) return [{ start: 0, end: text.length, indent: '', armor: text, line: 1, isWhole: true }];
  if (!/\.ya?ml$/.test(file)) return [];
  return [...text.matchAll(INLINE)].flatMap((match) => {
    const [, outer = '', head = '', body = ''] = match;
    const found = MESSAGE.exec(body);
    if (!found) return [];
    const [message] = found;
    const start = match.index + outer.length + head.length + found.index;
    const indent = /[ \t]*$/.exec(body.slice(0, found.index))?.[0] ?? '';
    const lines = message.split(/\r?\n/).map((line) => line.trim());
    const line = text.slice(0, start).split('\n').length;
    return [{ start, end: start + message.length, indent, armor: `${lines.join('\n')}\n`, line, isWhole: false }];
  });
}

/** The same text with other messages in the places of these. Pure. */
export function withBlocks(text: string, blocks: readonly Block[], armors: readonly string[]): string {
  const pieces: string[] = [];
  let at = 0;
  blocks.forEach(({ start, end, indent, isWhole }, index) => {
    const armor = armors[index] ?? '';
    pieces.push(text.slice(at, start), isWhole ? armor : indented(armor, indent));
    at = end;
  });
  return [...pieces, text.slice(at)].join('');
}

const indented = (armor: string, indent: string): string =>
  armor
    .trimEnd()
    .split(/\r?\n/)
    .map((line, index) => (line === '' || index === 0 ? line : indent + line))
    .join('\n');
