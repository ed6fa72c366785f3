import { createHash } from 'node:crypto';
import type { Resource } from '#src/resource/kind.ts';

/** SHA-256 (hex) over what a service was started with. May cover secrets: it lives on the node's root-only stamp, never in a plan or journal. */
export function inputsDigest(inputs: readonly Resource[]): string {
  const hash = createHash('sha256');
  for (const { kind, spec } of inputs) hash.update(`${kind.name}\0${kind.id(spec)}\0${kind.fingerprint(spec)}\0`);
  return hash.digest('hex');
}
