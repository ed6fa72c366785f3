const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** East Asian Wide and Fullwidth (Unicode TR 11), and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const INVISIBLE = /^[\p{Cc}\p{Cf}\p{Mn}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text takes on a terminal. No escape sequences in it. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  return graphemesOf(text).reduce((sum, grapheme) => sum + graphemeColumns(grapheme), 0);
}

/** The text in at most so many columns, with an ellipsis where it was cut. */
export function cutTo(columns: number, text: string): string {
  if (columnsOf(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const grapheme of graphemesOf(text)) {
    width += graphemeColumns(grapheme);
    if (width > columns - 1) break;
    kept += grapheme;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** Padded on the right to so many columns. */
export const padTo = (columns: number, text: string): string => text + ' '.repeat(Math.max(0, columns - columnsOf(text)));

const graphemesOf = (text: string): string[] => [...graphemes.segment(text)].map(({ segment }) => segment);

const graphemeColumns = (grapheme: string): number => (INVISIBLE.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1);
