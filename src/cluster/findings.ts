import type { ZodType } from 'zod';
import type { Mistake } from '#src/errors.ts';
import { type Path, type Place, showPath, type YamlSource } from '#src/yaml/source.ts';
import { check, type Issue } from './issues.ts';
import { type Layer, mergeLayers, type Origin, originAt, type Tree, toData } from './layers.ts';

/** Mistakes and warnings of one load, each told once however often it is found. */
export class Findings {
  readonly #mistakes = new Map<string, Mistake>();
  readonly #warnings = new Map<string, Mistake>();

  get mistakes(): Mistake[] {
    return [...this.#mistakes.values()].sort(byPlace);
  }

  get warnings(): Mistake[] {
    return [...this.#warnings.values()].sort(byPlace);
  }

  add(mistake: Mistake): void {
    remember(this.#mistakes, mistake);
  }

  /** A mistake where a value stands. */
  at(origin: Origin, message: string): void {
    this.add(locate(origin, message));
  }

  /** A mistake where a key stands. */
  atKey(origin: Origin, message: string): void {
    this.add(locate(origin, message, true));
  }

  warn(origin: Origin, message: string, isKey = false): void {
    remember(this.#warnings, locate(origin, message, isKey));
  }

  /** The value that a schema makes of merged layers; undefined, and mistakes, when it does not fit. `fallback` is where missing things are told. */
  parse<T>(schema: ZodType<T>, tree: Tree, fallback: Origin): T | undefined {
    const result = check(schema, toData(tree));
    if ('value' in result) return result.value;
    for (const issue of result.issues) this.#issue(tree, issue, fallback);
    return undefined;
  }

  /** What is wrong with one layer whatever the others say: what another layer hides must be right too. */
  checkLayer(schema: ZodType, layer: Layer): void {
    const result = check(schema, layer.data);
    if ('value' in result) return;
    const tree = mergeLayers([layer]);
    for (const issue of result.issues) if (!issue.mayHeal) this.#issue(tree, issue, layer.origin);
  }

  #issue(tree: Tree, issue: Issue, fallback: Origin): void {
    const isMissing = issue.message.startsWith('is missing');
    // What is missing has no place: it is told where it should be.
    const found = originAt(tree, isMissing ? issue.path.slice(0, -1) : issue.path);
    const origin = found.kind === 'default' || (isMissing && issue.path.length === 1) ? fallback : found;
    const mistake = locate(origin, issue.message + octalHint(origin, issue), issue.isKey || isMissing);
    const missing = isMissing ? issue.path.slice(-1) : [];
    this.add({ ...mistake, path: showPath([...pathOf(origin), ...missing]) });
  }
}

export const fileOrigin = (source: YamlSource, ...path: Path): Origin => ({ kind: 'file', source, path });

const pathOf = (origin: Origin): Path => (origin.kind === 'default' ? [] : origin.path);

/** A mistake with the place of an origin. */
export function locate(origin: Origin, message: string, isKey = false): Mistake {
  const path = pathOf(origin);
  return { ...placeOf(origin, isKey), path: showPath(path), message };
}

function placeOf(origin: Origin, isKey: boolean): Place {
  if (origin.kind === 'file') return isKey ? origin.source.keyPlace(origin.path) : origin.source.place(origin.path);
  return { file: origin.kind === 'set' ? '--set' : origin.what, line: origin.kind === 'set' ? origin.index + 1 : 1, column: 1 };
}

/** `0644` is the number 644 in YAML 1.2: what was meant is in the file. */
function octalHint(origin: Origin, issue: Issue): string {
  if (!issue.message.endsWith('put it in quotes') || origin.kind !== 'file') return '';
  const written = origin.source.written(origin.path);
  return written === undefined ? '' : `: "${written}"`;
}

function remember(where: Map<string, Mistake>, mistake: Mistake): void {
  where.set(showMistake(mistake), mistake);
}

/** By file in order of their names, then by position. */
const byPlace = (a: Mistake, b: Mistake): number =>
  compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.path, b.path) || compare(a.message, b.message);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `hosts.yaml:3:5: hosts.n1.adress: unknown key`. */
export const showMistake = ({ file, line, column, path, message }: Mistake): string =>
  `${file}:${line}:${column}: ${path ? `${path}: ` : ''}${message}`;
