import { stringify } from 'yaml';
import type { Content } from './content.ts';
import { HeldSecret, SecretHolder } from './secret-holder.ts';

/** YAML of a value that may hold secrets; keys keep their order, lines are not folded. A secret becomes a double-quoted scalar. */
export function yamlContent(value: unknown, options: { version?: '1.1' | '1.2' } = {}): Content {
  const holder = new SecretHolder();
  return holder.release(yamlOfHeld(holder.hold(value), options));
}

/** YAML of a value whose secrets are held. */
export function yamlOfHeld(value: unknown, options: { version?: '1.1' | '1.2' } = {}): string {
  return stringify(withMarks(value), { lineWidth: 0, aliasDuplicateObjects: false, ...options });
}

/** Plain data in which each held secret is the mark of its JSON text: a JSON string is a YAML double-quoted scalar. */
export function withMarks(value: unknown): unknown {
  if (value instanceof HeldSecret) return value.encoded(JSON.stringify);
  if (Array.isArray(value)) return value.map(withMarks);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withMarks(item)]));
}
