import { createHash } from 'node:crypto';
import { rawScript } from '#src/shell/script.ts';

/** Begins an answer that is no text but says how big the file is, and its SHA-256. */
const NOT_SHOWN = '\u0001';
const MAX_SHOWN_BYTES = 65_536;

/** `show_text PATH`: a record with the text of a file; of one that is big or no text NOT_SHOWN, size and SHA-256. Nothing for an empty path. */
export const SHOW_TEXT = rawScript(String.raw`
show_text() {
  [ -n "$1" ] && [ -f "$1" ] || { record ''; return; }
  size=$(wc -c <"$1")
  if [ "$size" -gt ${MAX_SHOWN_BYTES} ] || [ "$(LC_ALL=C tr -d '\t\n\r\040-\176\200-\377' <"$1" | wc -c)" -gt 0 ]; then
    record "$(printf '\001%s ' $((size)); sha256sum <"$1")"
    return
  fi
  text=$(cat "$1"; printf x)
  record "${'${text%x}'}"
}`);

/** When one side is big or no text: one line with size and SHA-256 of both. Undefined: both can be shown. Pure. */
export function sizesInstead(oldText: string, newText: string): string | undefined {
  const isOldShown = !oldText.startsWith(NOT_SHOWN);
  if (isOldShown && isShown(newText)) return undefined;
  const [size = '', sha256 = ''] = oldText.slice(NOT_SHOWN.length).split(/\s+/);
  const before = isOldShown ? sizeOf(oldText) : `${size} bytes, sha256 ${sha256.slice(0, 12)}`;
  return `not shown, as it is big or no text: ${before} -> ${sizeOf(newText)}\n`;
}

const isShown = (text: string): boolean =>
  Buffer.byteLength(text) <= MAX_SHOWN_BYTES && !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text);

function sizeOf(text: string): string {
  if (text === '') return 'nothing';
  return `${Buffer.byteLength(text)} bytes, sha256 ${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
