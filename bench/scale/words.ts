/** One request as the shell's text has it: its number and the script. */
export interface FoundRequest {
  readonly id: number;
  readonly script: string;
  /** Characters of the text that it took. */
  readonly length: number;
}

const BEGIN = 'picluster_request ';

/** The first whole request in what was received so far; undefined while there is none. Reads words as our own `quote` writes them. Pure. */
export function findRequest(text: string): FoundRequest | undefined {
  const start = text.indexOf(BEGIN);
  if (start === -1) return undefined;
  const words: string[] = [];
  let at = start + BEGIN.length;
  while (words.length < 3) {
    const word = readWord(text, at);
    if (!word) return undefined;
    words.push(word.value);
    at = word.end + 1;
  }
  return { id: Number(words[0]), script: words[2] ?? '', length: at };
}

/** Ends at a blank or the end of the line; undefined when that was not received yet. */
function readWord(text: string, from: number): { value: string; end: number } | undefined {
  let value = '';
  for (let at = from; at < text.length; ) {
    const letter = text[at] ?? '';
    if (letter === ' ' || letter === '\n') return { value, end: at };
    if (letter === "'") {
      const close = text.indexOf("'", at + 1);
      if (close === -1) return undefined;
      value += text.slice(at + 1, close);
      at = close + 1;
    } else if (letter === '\\') {
      value += text[at + 1] ?? '';
      at += 2;
    } else {
      value += letter;
      at += 1;
    }
  }
  return undefined;
}
