import { parseDocument } from 'yaml';
import { parseSecrets } from './file.ts';
import { ROTATIONS } from './reserved.ts';

/** A rotation that nobody has confirmed yet. */
export interface Rotation {
  /** Of the credential. */
  readonly name: string;
  /** ISO 8601. */
  readonly since: string;
  /** What it was, by path; what is made of it, too. */
  readonly old: ReadonlyMap<string, string>;
}

/** Those that a text of a vault records. Pure. */
export function rotationsOf(text: string): Rotation[] {
  const kept: unknown = parseDocument(text, { stringKeys: true, merge: true }).toJS()?.[ROTATIONS];
  const entries = Object.entries((kept ?? {}) as Record<string, { since: string; old: Record<string, string> }>);
  return entries.map(([name, { since, old }]) => ({ name, since, old: new Map(Object.entries(old)) }));
}

/** The text of a vault with one more; comments and order stay. Pure. */
export function withRotation(text: string, { name, since, old }: Rotation): string {
  const document = parseDocument(text, { stringKeys: true });
  document.setIn([ROTATIONS, name], document.createNode({ since, old: Object.fromEntries(old) }));
  const after = document.toString({ lineWidth: 0 });
  const lost = parseSecrets('', after).mistakes.length > 0 || rotationsOf(after).every((rotation) => rotation.name !== name);
  if (lost) throw new TypeError(`the rotation of ${name} could not be recorded`);
  return after;
}

/** The text without one of them. Pure. */
export function withoutRotation(text: string, name: string): string {
  const document = parseDocument(text, { stringKeys: true });
  document.deleteIn([ROTATIONS, name]);
  if (rotationsOf(document.toString()).length === 0) document.deleteIn([ROTATIONS]);
  return document.toString({ lineWidth: 0 });
}
