import { createHash } from 'node:crypto';
import { Secret } from '#src/secrets/secret.ts';

/** What a template renders to: text and secrets, joined only when they leave for a machine. */
export type Content = string | readonly (string | Secret)[];

/** The bytes as they go to a machine. Secrets are in clear: call it at the edge only. */
export function revealContent(content: Content): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part instanceof Secret ? part.reveal() : part)).join('');
}

/** The text as people may see it: each secret is `***`. */
export function maskContent(content: Content): string {
  if (typeof content === 'string') return content;
  return content.map(String).join('');
}

export function secretsOf(content: Content): Secret[] {
  if (typeof content === 'string') return [];
  return content.filter((part) => part instanceof Secret);
}

/** SHA-256 of the revealed bytes, hex: what `sha256sum` prints for the file on the node. */
export function contentDigest(content: Content): string {
  return createHash('sha256').update(revealContent(content)).digest('hex');
}
