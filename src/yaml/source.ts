import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Mistake } from '#src/errors.ts';

export type Path = readonly (string | number)[];

/** Where something stands: a file of the cluster directory, lines and columns from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** `hosts.n1.address`, `servers[0].name`. */
export const showPath = (path: Path): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${key}` : key), '');

/** A parsed YAML file that knows where each of its values stands. */
export interface YamlSource {
  /** As people see it: relative to the cluster directory. */
  readonly file: string;
  /** Plain data; undefined when the file could not be parsed. An empty file is an empty map. */
  readonly data: unknown;
  readonly mistakes: readonly Mistake[];
  /** Place of a value, or of the nearest thing around it that exists. */
  place(path: Path): Place;
  /** Place of a key in its map. */
  keyPlace(path: Path): Place;
  /** A scalar as it is written in the file: `0644`. */
  written(path: Path): string | undefined;
}

/** Makes values of texts with a tag of its own: `!vault`. */
export type Tags = Readonly<Record<string, (text: string, place: Place) => unknown>>;

/**
 * Reads YAML 1.2 with anchors, aliases and merge keys (`<<`). Duplicate keys, unknown tags and unknown aliases are mistakes.
 * With `isSecret` no message repeats a piece of the text.
 */
export function parseYaml(file: string, text: string, options: { isSecret?: boolean; tags?: Tags } = {}): YamlSource {
  const { tags = {} } = options;
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    // Silence would hide a second document, too.
    logLevel: 'error',
    customTags: Object.keys(tags).map((tag) => ({ tag, resolve: (text: string) => text })),
  });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const mistakes = syntaxMistakes(document, text, at, options.isSecret ?? false);
  visit(document, {
    Scalar: (key, node) => {
      const make = node.tag === undefined || key === 'key' ? undefined : tags[node.tag];
      if (make) node.value = make(String(node.value), at(node.range?.[0] ?? 0));
    },
  });
  return {
    file,
    data: mistakes.length > 0 ? undefined : (document.toJS() ?? {}),
    mistakes,
    place: (path) => at(offsetOf(find(document, path)) ?? 0),
    keyPlace: (path) => at(offsetOf(findKey(document, path)) ?? offsetOf(find(document, path)) ?? 0),
    written: (path) => {
      const node = find(document, path, true);
      return isScalar(node) ? node.source : undefined;
    },
  };
}

function syntaxMistakes(document: Document, text: string, at: (offset: number) => Place, isSecret: boolean): Mistake[] {
  const mistakes: Mistake[] = [...document.errors, ...document.warnings].map((error) => {
    const message =
      error.code === 'DUPLICATE_KEY'
        ? `the key ${keyAt(text, error.pos[0])} is there twice`
        : isSecret
          ? `not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')}); text with special characters needs quotes`
          : plainMessage(error);
    return { ...at(error.pos[0]), path: '', message };
  });
  const anchors = new Set<string>();
  visit(document, {
    Node: (_key, node, ancestors) => {
      const name = isSecret || !isAlias(node) ? 'alias' : `alias *${node.source}`;
      if (isAlias(node) && ancestors.some((around) => isCollection(around) && around.anchor === node.source)) {
        mistakes.push({ ...at(node.range?.[0] ?? 0), path: '', message: `the ${name} stands inside of what it names` });
      } else if (isAlias(node) && !anchors.has(node.source)) {
        mistakes.push({
          ...at(node.range?.[0] ?? 0),
          path: '',
          message: `the ${name} has no anchor before it; text needs quotes`,
        });
      } else if (!isAlias(node) && node.anchor) anchors.add(node.anchor);
    },
  });
  // Above this, aliases are there to exhaust memory.
  if (mistakes.length === 0) {
    try {
      document.toJS();
    } catch {
      mistakes.push({ ...at(0), path: '', message: 'aliases expand to too much data' });
    }
  }
  return mistakes;
}

/** A key as it is written, in double quotes. */
const keyAt = (text: string, offset: number): string => {
  const [, key = ''] = /^["']?(.*?)["']?\s*:/.exec(text.slice(offset, offset + 200)) ?? [];
  return `"${key}"`;
};

function plainMessage({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; a file holds one';
  const tag = /^Unresolved tag: (\S+)/.exec(message)?.[1];
  if (code === 'TAG_RESOLVE_FAILED' && tag) return `unknown tag ${tag}; text that begins with ! needs quotes`;
  return `not valid YAML: ${message}`;
}

const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** Follows a path as far as it goes; with `exact`, undefined unless it goes to the end. */
function find(document: Document, path: Path, exact = false): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  for (const key of path) {
    const pair = typeof key === 'string' ? findPair(document, node, key) : undefined;
    const next = pair ? pair.value : childAt(document, node, key);
    if (!isNode(next)) return exact ? undefined : pair && isNode(pair.key) ? pair.key : node;
    node = next;
  }
  return resolve(document, node);
}

function findKey(document: Document, path: Path): Node | undefined {
  const parent = find(document, path.slice(0, -1), true);
  const key = findPair(document, parent, String(path.at(-1)))?.key;
  return isNode(key) ? key : undefined;
}

const resolve = (document: Document, node: Node | undefined): Node | undefined =>
  isAlias(node) ? (node.resolve(document) as Node | undefined) : node;

function childAt(document: Document, node: Node | undefined, key: string | number): unknown {
  const list = resolve(document, node);
  return isSeq(list) ? list.items[Number(key)] : undefined;
}

const pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

/** The pairs of a map by key: a file with hundreds of keys is asked for the place of each. */
function pairsOf(map: YAMLMap): Map<string, Pair> {
  const known = pairs.get(map);
  if (known) return known;
  // The first of two that have one key.
  const found = new Map(map.items.toReversed().flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])));
  pairs.set(map, found);
  return found;
}

/** The pair of a key, also when a merge key brings it in. */
function findPair(document: Document, node: Node | undefined, key: string): Pair | undefined {
  const map = resolve(document, node);
  if (!isMap(map)) return undefined;
  const own = pairsOf(map).get(key);
  if (own) return own;
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const merged = resolve(document, pair.value as Node);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const found = findPair(document, source as Node, key);
      if (found) return found;
    }
  }
  return undefined;
}
