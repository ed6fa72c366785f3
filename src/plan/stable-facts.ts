import type { Facts } from '#src/facts/facts.ts';

/** Facts that change by themselves, and that no role may decide by: a plan does not become stale with them. */
const VOLATILE: readonly (keyof Facts)[] = ['bootId', 'clock', 'freeBytes', 'listening', 'addresses'];

/** The other facts as text by their path: `k3s.version`, `os.id`. What is not known is not there. Pure. */
export function stableFacts(facts: Facts): Record<string, string> {
  const kept = Object.entries(facts).filter(([name]) => !VOLATILE.includes(name as keyof Facts));
  return Object.fromEntries(kept.flatMap(([name, value]) => leaves(name, value)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function leaves(path: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  if (Array.isArray(value))
    return [[path, value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)).join(' ')]];
  return Object.entries(value).flatMap(([key, item]) => leaves(`${path}.${key}`, item));
}
