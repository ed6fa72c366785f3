import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { Secret } from '#src/secrets/secret.ts';
import { Script } from '#src/shell/script.ts';

/** Makes digests (HMAC-SHA-256, hex) that say whether two values are equal, and nothing else to whoever lacks the secrets. */
export type Digest = (value: unknown) => string;

/** The key comes from all secrets of a cluster: a digest over one of them cannot be tried out without the others. */
export function keyedDigest(secrets: readonly Secret[]): Digest {
  const lines = secrets.map((secret) => `${secret.label}\0${secret.reveal()}\0`).sort();
  const key = Buffer.from(hkdfSync('sha256', lines.join(''), '', 'picluster plan v1', 32));
  return (value) => createHmac('sha256', key).update(canonical(value)).digest('hex');
}

/** SHA-256, hex, of what holds no secrets. */
export const plainDigest = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');

/** JSON whose keys are sorted; secrets are in clear, so it is for digests only. */
function canonical(value: unknown): string {
  if (value instanceof Secret) return JSON.stringify(['secret', value.reveal()]);
  if (value instanceof Script) return JSON.stringify(['script', value.text]);
  if (value instanceof Map) return canonical([...value]);
  if (value instanceof Set) return canonical([...value]);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}
