/** Lines and fragments shorter than that would hide harmless text. */
const SHORTEST_PART = 8;

/** How a value may stand in a text: as it is, and as JSON, URLs, shells, hexadecimal digits and base64 write it; also line by line. Pure. */
export function spellings(value: string): string[] {
  const lines = value
    .split('\n')
    .map((line) => line.trim())
    .filter(({ length }) => length >= SHORTEST_PART);
  return [...new Set([value, ...lines].flatMap((text) => [text, ...quoted(text), ...encoded(text)]))];
}

/** Without the quotes around it. */
function quoted(text: string): string[] {
  const inUrl = encodeURIComponent(text.toWellFormed());
  return [JSON.stringify(text).slice(1, -1), text.replaceAll("'", "'\\''"), inUrl, inUrl.replaceAll('%20', '+')];
}

function encoded(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => base64After(before, bytes)).filter(({ length }) => length >= SHORTEST_PART);
  const all = [bytes.toString('base64'), ...base64];
  return [hex, hex.toUpperCase(), ...all, ...all.map((spelling) => spelling.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** What base64 of a longer text has in it for sure when so many bytes more than a multiple of three stand before: `user:` before a password. */
function base64After(before: number, bytes: Buffer): string {
  const all = Buffer.concat([Buffer.alloc(before), bytes]);
  return all.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
}
