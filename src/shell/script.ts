import { Secret } from '#src/secrets/secret.ts';

export type ShellValue = string | number | boolean | Secret | Script | readonly (string | number | Secret | Script)[] | undefined;

/** A POSIX shell program. `text` has its secrets in clear and goes to a shell's standard input only; `String(script)` is redacted. */
export class Script {
  readonly #parts: readonly (string | Secret)[];

  constructor(parts: readonly (string | Secret)[]) {
    this.#parts = parts;
  }

  /** The program as the shell must get it. */
  get text(): string {
    return this.#parts.map((part) => (part instanceof Secret ? quote(part.reveal()) : part)).join('');
  }

  get parts(): readonly (string | Secret)[] {
    return this.#parts;
  }

  get secrets(): Secret[] {
    return this.#parts.filter((part) => part instanceof Secret);
  }

  toString(): string {
    return this.#parts.map(String).join('');
  }
}

/** One word for a POSIX shell: single quotes, nothing is expanded. Throws on a NUL, which no shell can hold. */
export function quote(value: string): string {
  if (value.includes('\0')) throw new TypeError('a shell word cannot hold a NUL');
  if (/^[A-Za-z0-9_.,:/=@%+-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function partsOf(value: ShellValue): (string | Secret)[] {
  if (value === undefined || value === false) return [];
  if (value instanceof Secret) return [value];
  if (value instanceof Script) return [...value.parts];
  if (Array.isArray(value)) return value.flatMap((item, index) => [...(index > 0 ? [' '] : []), ...partsOf(item)]);
  return [quote(String(value))];
}

/**
 * A shell program whose interpolated values are quoted: `` sh`rm -f ${path}` ``. An array becomes several words, a Script is taken as it is,
 * `undefined` and `false` become nothing. Common indentation of the literal is removed.
 */
export function sh(strings: TemplateStringsArray, ...values: ShellValue[]): Script {
  const literals = dedent(strings.raw.map((part) => part.replaceAll('\\`', '`').replaceAll('\\${', '${')));
  const parts: (string | Secret)[] = [];
  for (const [index, literal] of literals.entries()) {
    parts.push(literal);
    if (index < values.length) parts.push(...partsOf(values[index]));
  }
  return new Script(merge(parts));
}

/** Several programs, one after the other, each on lines of its own. */
export function joinScripts(scripts: readonly Script[], separator = '\n'): Script {
  return new Script(merge(scripts.flatMap((script, index) => [...(index > 0 ? [separator] : []), ...script.parts])));
}

/** A program that is shell text already: for files of helper functions that the project itself ships. */
export const rawScript = (text: string): Script => new Script([text]);

function merge(parts: readonly (string | Secret)[]): (string | Secret)[] {
  const merged: (string | Secret)[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else if (part !== '') merged.push(part);
  }
  return merged;
}

function dedent(literals: readonly string[]): string[] {
  const lines = literals.flatMap((literal) => literal.split('\n').slice(1));
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const width = indents.length === 0 ? 0 : Math.min(...indents);
  const cut = literals.map((literal) => literal.replaceAll(new RegExp(`\\n {0,${width}}`, 'g'), '\n'));
  if (cut[0]?.startsWith('\n')) cut[0] = cut[0].slice(1);
  return cut;
}
