import type { Change, FieldChange } from './kind.ts';

type Value = string | number | boolean | undefined;

const text = (value: Value): string | undefined => (value === undefined ? undefined : String(value));

/** The fields whose value is not what it should be: `{mode: ['644', '600']}`. */
export function differences(fields: Readonly<Record<string, readonly [before: Value, after: Value]>>): FieldChange[] {
  return Object.entries(fields)
    .map(([field, [before, after]]) => ({ field, before: text(before), after: text(after) }))
    .filter(({ before, after }) => before !== after);
}

/** A change made of fields; undefined when there are none. */
export function changeOf(
  action: Change['action'],
  fields: readonly FieldChange[],
  more: Partial<Change> = {},
): Change | undefined {
  return fields.length === 0 ? undefined : { action, fields, ...more };
}

/** The change of a thing that should not be there, and is. */
export const deletion = (what: string, more: Partial<Change> = {}): Change => ({
  action: 'delete',
  fields: [{ field: 'exists', before: what, after: undefined }],
  ...more,
});
