import type { KubeObject } from './client.ts';

type FieldsTree = { [key: string]: FieldsTree };

/** Field managers (other than `ours`) of `live` that own a field which `desired` sets; a status is not ours to set. Source: structured-merge-diff's FieldsV1. */
export function otherManagers(live: KubeObject, desired: KubeObject, ours: string): { manager: string; field: string }[] {
  const found: { manager: string; field: string }[] = [];
  for (const entry of live.metadata.managedFields ?? []) {
    if (!entry.manager || entry.manager === ours || entry.subresource || !entry.fieldsV1) continue;
    const field = firstShared(entry.fieldsV1 as FieldsTree, desired, '');
    if (field) found.push({ manager: entry.manager, field });
  }
  return found;
}

/** `ours` owns fields of the object by apply: it is ours already. */
export const isAppliedBy = (live: KubeObject, ours: string): boolean =>
  (live.metadata.managedFields ?? []).some(({ manager, operation }) => manager === ours && operation === 'Apply');

/**
 * Applying `desired` would change nothing, told without asking: all of it is in `live`, and `ours` applies nothing more than it.
 * False when in doubt: the API may write values in another way than we do, or add entries to our lists.
 */
export function isSurelyApplied(live: KubeObject, desired: KubeObject, ours: string): boolean {
  const entry = (live.metadata.managedFields ?? []).find(({ manager, operation }) => manager === ours && operation === 'Apply');
  return entry !== undefined && contains(live, desired) && coversAll(entry.fieldsV1 as FieldsTree, desired);
}

function contains(live: unknown, desired: unknown): boolean {
  if (isMap(desired)) return isMap(live) && Object.entries(desired).every(([key, value]) => contains(live[key], value));
  if (!Array.isArray(desired)) return live === desired;
  return Array.isArray(live) && live.length === desired.length && desired.every((item, index) => contains(live[index], item));
}

/** Every leaf of `tree` is set in `value`: nothing that was applied before has since been left out. */
function coversAll(tree: FieldsTree, value: unknown): boolean {
  return Object.entries(tree).every(([key, below]) => {
    if (key === '.') return true;
    const [child] = step(key, value, '');
    return child !== undefined && coversAll(below, child);
  });
}

/** Path of the first leaf of `tree` that `value` has, too. */
function firstShared(tree: FieldsTree, value: unknown, path: string): string | undefined {
  for (const [key, below] of Object.entries(tree)) {
    if (key === '.') continue;
    const [child, childPath] = step(key, value, path);
    if (child === undefined) continue;
    if (Object.keys(below).length === 0) return childPath;
    const shared = firstShared(below, child, childPath);
    if (shared) return shared;
  }
  return undefined;
}

/** What `f:name`, `k:{...}`, `v:...` or `i:0` point to in a value. */
function step(key: string, value: unknown, path: string): [unknown, string] {
  const name = key.slice(2);
  switch (key.slice(0, 2)) {
    case 'f:':
      return [isMap(value) ? value[name] : undefined, `${path}.${name}`];
    case 'k:': {
      const wanted = Object.entries(JSON.parse(name) as Record<string, unknown>);
      // A key that we leave out gets the API's default: a port's protocol.
      const matches = (item: unknown): boolean =>
        isMap(item) && wanted.every(([field, content]) => item[field] === undefined || item[field] === content);
      return [
        Array.isArray(value) ? value.find(matches) : undefined,
        `${path}[${wanted.map(([, content]) => content).join(',')}]`,
      ];
    }
    case 'v:':
      return [Array.isArray(value) ? value.find((item) => item === JSON.parse(name)) : undefined, `${path}[${name}]`];
    default:
      return [Array.isArray(value) ? value[Number(name)] : undefined, `${path}[${name}]`];
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
