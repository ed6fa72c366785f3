import { SecretRef } from '#src/secrets/late.ts';
import { Secret } from '#src/secrets/secret.ts';
import type { Path, YamlSource } from '#src/yaml/source.ts';
import { showPath } from '#src/yaml/source.ts';

/** Where a layer of variables stands: a part of a file, the command line, or the defaults of a role or release. */
export type Origin =
  | { readonly kind: 'file'; readonly source: YamlSource; readonly path: Path; readonly label?: string }
  | { readonly kind: 'set'; readonly argument: string; readonly index: number; readonly path: Path }
  | { readonly kind: 'default'; readonly what: string };

/** Variables of one place, in order of precedence; `data` is plain data, its keys are role namespaces. */
export interface Layer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

/** Merged variables: maps are branches, everything else (lists too) is a leaf that knows where it comes from. */
export type Tree =
  | { readonly branches: ReadonlyMap<string, Tree>; readonly origin: Origin }
  | { readonly leaf: unknown; readonly origin: Origin };

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);

/** The same data with a reference in place of each `secretRef: NAME`, which is a value and no map. */
export function withSecretRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecretRefs);
  if (!isMap(value)) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (only?.[0] === 'secretRef' && typeof only[1] === 'string' && entries.length === 1) return new SecretRef(only[1]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withSecretRefs(inner)]));
}

const below = (origin: Origin, key: string): Origin =>
  origin.kind === 'default' ? origin : { ...origin, path: [...origin.path, key] };

function toTree(value: unknown, origin: Origin): Tree {
  if (!isMap(value)) return { leaf: value, origin };
  return { branches: new Map(Object.entries(value).map(([key, inner]) => [key, toTree(inner, below(origin, key))])), origin };
}

/** Later layers win: maps merge, everything else is replaced. */
export function mergeLayers(layers: readonly Layer[]): Tree {
  const trees = layers.map(({ data, origin }) => toTree(data, origin));
  return trees.reduce(mergeTrees, { branches: new Map(), origin: { kind: 'default', what: 'nothing' } });
}

function mergeTrees(under: Tree, over: Tree): Tree {
  if ('leaf' in under || 'leaf' in over) return over;
  const branches = new Map(under.branches);
  for (const [key, tree] of over.branches) {
    const before = branches.get(key);
    branches.set(key, before ? mergeTrees(before, tree) : tree);
  }
  // What is missing in a map is missing in the file, not in the setting that touches the map.
  const isSetOnFile = over.origin.kind === 'set' && under.origin.kind === 'file';
  return { branches, origin: isSetOnFile ? under.origin : over.origin };
}

export function toData(tree: Tree): unknown {
  if ('leaf' in tree) return tree.leaf;
  return Object.fromEntries([...tree.branches].map(([key, inner]) => [key, toData(inner)]));
}

/** The origin of what stands at a path, or of the nearest thing around it. */
export function originAt(tree: Tree, path: Path): Origin {
  const [key, ...rest] = path;
  if (key === undefined) return tree.origin;
  if ('leaf' in tree)
    return tree.origin.kind === 'default' ? tree.origin : { ...tree.origin, path: [...tree.origin.path, ...path] };
  const next = tree.branches.get(String(key));
  return next ? originAt(next, rest) : tree.origin;
}

/** For people: `group_vars/all.yaml:3`, `release v1.9 (versions.yaml:60)`, `--set k3s.x`, `default`. */
export function showOrigin(origin: Origin): string {
  if (origin.kind === 'default') return origin.what;
  if (origin.kind === 'set') return `--set ${showPath(origin.path)}`;
  const { file, line } = origin.source.keyPlace(origin.path);
  return origin.label === undefined ? `${file}:${line}` : `${origin.label} (${file}:${line})`;
}
