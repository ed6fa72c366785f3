import type { Findings } from './findings.ts';
import { isMap, type Layer, type Origin } from './layers.ts';

const SECRET_KEY = /(?:password|passphrase|token|secretkey|apikey)$/i;

/** Warns of secrets typed into files that are committed and shown. */
export function checkLiterals(layers: readonly Layer[], findings: Findings): void {
  for (const { data, origin } of layers) if (origin.kind === 'file') walk(data, origin, findings);
}

function walk(value: unknown, origin: Extract<Origin, { kind: 'file' }>, findings: Findings): void {
  const key = String(origin.path.at(-1) ?? '');
  if (isMap(value)) {
    for (const [inner, item] of Object.entries(value)) walk(item, { ...origin, path: [...origin.path, inner] }, findings);
  } else if (typeof value === 'string' && value !== '' && SECRET_KEY.test(key)) {
    findings.warn(origin, 'looks like a secret typed into a file that others may read: secrets belong into secrets.yaml');
  }
}
