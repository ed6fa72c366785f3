import type { Change, FieldChange } from '#src/resource/kind.ts';

const MAX_VALUE = 60;

/** One line: what happens, and to which fields. */
export function changeSummary(change: Change): string {
  const fields = change.fields.map(fieldSummary).filter(Boolean).join(', ');
  const destructive = change.destructive ? ` [DESTRUCTIVE: ${change.destructive}]` : '';
  const open = change.knownAfter ? ` [known after ${change.knownAfter}]` : '';
  return `${change.action}${fields ? ` (${fields})` : ''}${change.note ? `, ${change.note}` : ''}${destructive}${open}`;
}

function fieldSummary({ field, before, after }: FieldChange): string {
  if (before === undefined) return after === undefined ? field : `${field} ${short(after)}`;
  if (after === undefined) return `${field} ${short(before)} goes`;
  return `${field} ${short(before)} -> ${short(after)}`;
}

function short(value: string): string {
  const line = value.replaceAll('\n', '\\n');
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE - 3)}...` : line || "''";
}

/** The diff, line by line; empty when there is none. */
export const changeText = (change: Change): string[] => change.diff?.trimEnd().split('\n') ?? [];
