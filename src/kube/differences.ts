import { isDeepStrictEqual } from 'node:util';
import type { FieldChange } from '#src/resource/kind.ts';
import type { KubeObject } from './client.ts';

const MASK = '***';
const MAX_TEXT = 120;

/** What an apply would change, by comparing the live object with the answer of a dry run. Empty: nothing, nor which fields `manager` applies. */
export function differences(live: KubeObject, dryRun: KubeObject, manager: string): FieldChange[] {
  const changes: FieldChange[] = [];
  collect(comparable(live), comparable(dryRun), '', changes);
  if (changes.length === 0 && !isDeepStrictEqual(applied(live, manager), applied(dryRun, manager))) {
    changes.push({ field: 'metadata.managedFields', after: `${manager} manages what the inventory sets` });
  }
  return live.kind === 'Secret' ? changes.map(maskData) : changes;
}

/** Without what the API and the controllers write. */
function comparable({ status: _status, ...object }: KubeObject): unknown {
  const { managedFields, resourceVersion, generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The fields that `manager` applies. Entries of others are the API's own book-keeping. */
const applied = ({ metadata: { managedFields = [] } }: KubeObject, manager: string): unknown =>
  managedFields.find((entry) => entry.manager === manager && entry.operation === 'Apply')?.fieldsV1;

function collect(before: unknown, after: unknown, path: string, changes: FieldChange[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(before[key], after[key], path ? `${path}.${key}` : key, changes);
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, item] of before.entries()) collect(item, after[index], `${path}[${index}]`, changes);
    return;
  }
  changes.push({ field: path, before: textOf(before), after: textOf(after) });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}

function maskData(change: FieldChange): FieldChange {
  if (!/^(data|stringData)\b/.test(change.field)) return change;
  const { field, before, after } = change;
  return { field, before: before === undefined ? undefined : MASK, after: after === undefined ? undefined : MASK };
}
