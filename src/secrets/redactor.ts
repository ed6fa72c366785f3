import { isPublic } from './public-values.ts';
import type { Secret } from './secret.ts';
import { spellings } from './spellings.ts';

const MASK = '***';
/** Shorter values stand in every text by chance. */
const SHORTEST = 4;

/** A function that replaces every given secret (of 4 characters or more), however it is spelled, in a text by `***`. */
export function redactor(secrets: Iterable<Secret>): (text: string) => string {
  const byStart = new Map<string, string[]>();
  for (const spelling of new Set([...secrets].filter((secret) => !isPublic(secret)).flatMap((secret) => spelled(secret)))) {
    const start = spelling.slice(0, SHORTEST);
    byStart.set(start, [...(byStart.get(start) ?? []), spelling]);
  }
  for (const candidates of byStart.values()) candidates.sort((a, b) => b.length - a.length);
  return byStart.size === 0 ? (text) => text : (text) => redacted(text, byStart);
}

function spelled(secret: Secret): string[] {
  const value = secret.reveal();
  return value.length < SHORTEST ? [] : spellings(value).filter(({ length }) => length >= SHORTEST);
}

/** Looks at every place of the text once: a cluster may have hundreds of secrets, in a dozen spellings each. */
function redacted(text: string, byStart: ReadonlyMap<string, readonly string[]>): string {
  let result = '';
  let taken = 0;
  let end = 0;
  for (let at = 0; at + SHORTEST <= text.length; at += 1) {
    const found = byStart.get(text.slice(at, at + SHORTEST))?.find((spelling) => text.startsWith(spelling, at));
    if (found === undefined) continue;
    // One that begins inside of another goes with it.
    if (at >= end) result += text.slice(taken, at) + MASK;
    end = Math.max(end, at + found.length);
    taken = end;
  }
  return result + text.slice(taken);
}
