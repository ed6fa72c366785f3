/** The SHA-256 that a publisher's file gives for a name: lines of `<hex>  <file>`, `<hex> *<file>`, or the hex alone. */
export function checksumOf(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, hex, file] = /^([0-9a-fA-F]{64})(?:\s+\*?(\S.*?))?\s*$/.exec(line) ?? [];
    if (hex && (file === undefined || file.replace(/^.*\//, '') === name)) return hex.toLowerCase();
  }
  return undefined;
}
