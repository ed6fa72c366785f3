import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** How a line looks, by what it begins with. The words say it too: colour only helps. */
const STYLES: readonly (readonly [RegExp, Style])[] = [
  [/^(?:\[ *\d+\/\d+\] )?FAILED|^\S+: lost$|^refused:|^error/, 'red'],
  [/^warning:/, 'yellow'],
  [/^ {6}(?:\+\+\+|---|@@) /, 'dim'],
  [/^ {6}\+/, 'green'],
  [/^ {6}-/, 'red'],
  [/^ {2}[+~!>?] /, 'bold'],
  [/^ {2}- /, 'red'],
  [/^ {2}\S+ \| /, 'dim'],
  [/^ {2}next: /, 'bold'],
];

/** Colours the line if the stream is a terminal and the environment (NO_COLOR) has nothing against it. */
export function paint(line: string, stream: NodeJS.WritableStream): string {
  const style = STYLES.find(([pattern]) => pattern.test(line))?.[1];
  return style === undefined ? line : styleText(style, line, { stream });
}
