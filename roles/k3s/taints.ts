import type { Change, FieldChange } from '#src/resource/kind.ts';
import type { NodeObject, Taint } from './node.ts';

/** Holds the taints that we set last: others set taints too, and those are not ours to take away. */
export const TAINTS_ANNOTATION = 'picluster/node-taints';

/** `key=value:Effect` or `key:Effect`. */
export function parseTaint(text: string): Taint {
  const at = text.lastIndexOf(':');
  const [key = '', value] = text.slice(0, at).split('=');
  return { key, ...(value ? { value } : {}), effect: text.slice(at + 1) };
}

export const formatTaint = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;

/** Kubernetes knows a taint by key and effect. */
const identity = ({ key, effect }: Taint): string => `${key}:${effect}`;

/** The Node's taints as they should be: ours as wanted, all others as they are. Pure. */
export function wantedTaints(node: NodeObject, wanted: readonly string[]): Taint[] {
  const ours = new Map(wanted.map(parseTaint).map((taint) => [identity(taint), taint]));
  const formerly = new Set(lastSet(node).map(parseTaint).map(identity));
  const kept = (node.spec?.taints ?? []).filter((taint) => !formerly.has(identity(taint)) || ours.has(identity(taint)));
  const seen = new Set(kept.map(identity));
  return [
    ...kept.map((taint) => {
      const own = ours.get(identity(taint));
      return own && (own.value ?? '') !== (taint.value ?? '') ? own : taint;
    }),
    ...[...ours.values()].filter((taint) => !seen.has(identity(taint))),
  ];
}

/** What is to be done about the Node's taints. Pure. */
export function taintChange(node: NodeObject, wanted: readonly string[]): Change | 'done' {
  const before = (node.spec?.taints ?? []).map(formatTaint);
  const after = wantedTaints(node, wanted).map(formatTaint);
  const fields: FieldChange[] = [
    ...before.filter((taint) => !after.includes(taint)).map((taint) => ({ field: 'taint', before: taint })),
    ...after.filter((taint) => !before.includes(taint)).map((taint) => ({ field: 'taint', after: taint })),
  ];
  const isRecorded = [...lastSet(node)].sort().join() === [...wanted].sort().join();
  if (!isRecorded)
    fields.push({ field: 'set by picluster', before: lastSet(node).join(' ') || undefined, after: wanted.join(' ') });
  return fields.length === 0 ? 'done' : { action: 'update', fields };
}

const lastSet = (node: NodeObject): string[] =>
  (node.metadata.annotations?.[TAINTS_ANNOTATION] ?? '').split(',').filter((taint) => taint !== '');
