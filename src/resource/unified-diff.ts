const CONTEXT = 3;
/** Beyond so many edits the whole text counts as replaced: nobody reads more, and the search costs the square. */
const MAX_EDITS = 600;

interface Edit {
  sign: ' ' | '-' | '+';
  text: string;
}

/** A unified diff with three lines of context, headed by the path on both sides; empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return '';
  const edits = editsOf(linesOf(before), linesOf(after));
  const head = [`--- ${before === '' ? '/dev/null' : path}`, `+++ ${after === '' ? '/dev/null' : path}`];
  return `${[...head, ...hunks(edits)].join('\n')}\n`;
}

/** A last line without a newline is told apart, as diff(1) does. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop();
  return last ? [...lines, `${last}\n\\ No newline at end of file`] : lines;
}

/** The shortest edit script (Myers 1986, greedy, forward). */
function editsOf(a: readonly string[], b: readonly string[]): Edit[] {
  const traces: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  const limit = Math.min(a.length + b.length, MAX_EDITS);
  for (let depth = 0; depth <= limit; depth++) {
    traces.push(new Map(reach));
    for (let k = -depth; k <= depth; k += 2) {
      let x = goesDown(reach, k, depth) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return backtrack(traces, a, b);
    }
  }
  return [...a.map((text): Edit => ({ sign: '-', text })), ...b.map((text): Edit => ({ sign: '+', text }))];
}

const goesDown = (reach: ReadonlyMap<number, number>, k: number, depth: number): boolean =>
  k === -depth || (k !== depth && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));

function backtrack(traces: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (const [depth, reach] of [...traces.entries()].reverse()) {
    const k = x - y;
    const previousK = goesDown(reach, k, depth) ? k + 1 : k - 1;
    const previousX = reach.get(previousK) ?? 0;
    const previousY = previousX - previousK;
    while (x > previousX && y > previousY && x > 0 && y > 0) {
      edits.push({ sign: ' ', text: a[--x] ?? '' });
      y--;
    }
    if (depth > 0) edits.push(x === previousX ? { sign: '+', text: b[--y] ?? '' } : { sign: '-', text: a[--x] ?? '' });
  }
  return edits.reverse();
}

function hunks(edits: readonly Edit[]): string[] {
  const lines: string[] = [];
  let start = 0;
  while (start < edits.length) {
    const first = edits.findIndex(({ sign }, index) => index >= start && sign !== ' ');
    if (first < 0) break;
    const from = Math.max(first - CONTEXT, start);
    let end = first + 1;
    for (let index = end; index < edits.length && index <= end + 2 * CONTEXT; index++)
      if (edits[index]?.sign !== ' ') end = index + 1;
    const to = Math.min(end + CONTEXT, edits.length);
    lines.push(hunkHead(edits, from, to), ...edits.slice(from, to).map(({ sign, text }) => sign + text));
    start = to;
  }
  return lines;
}

function hunkHead(edits: readonly Edit[], from: number, to: number): string {
  const range = (sign: '-' | '+'): string => {
    const count = (some: readonly Edit[]): number => some.filter((edit) => edit.sign === ' ' || edit.sign === sign).length;
    const length = count(edits.slice(from, to));
    return `${sign}${count(edits.slice(0, from)) + (length > 0 ? 1 : 0)}${length === 1 ? '' : `,${length}`}`;
  };
  return `@@ ${range('-')} ${range('+')} @@`;
}

/** Nobody reads more, and a plan with hundreds of files must stay readable. */
const MAX_LINES = 200;

/** The beginning of a very long diff, with a line that says how much is left out. */
export function cutDiff(diff: string): string {
  const lines = diff.trimEnd().split('\n');
  const left = lines.slice(MAX_LINES);
  if (left.length === 0) return diff;
  const count = (sign: string): number => left.filter((line) => line.startsWith(sign)).length;
  return `${lines.slice(0, MAX_LINES).join('\n')}\n... ${left.length} more lines: ${count('+')} added, ${count('-')} taken away\n`;
}
