import { createHash } from 'node:crypto';

/** `SHA256:...` as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm name that a public key blob begins with: `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.toString('latin1', 4, 4 + length);
}

export type Verdict =
  | { trust: 'known' | 'first' }
  | { trust: 'mismatch'; expected: readonly string[]; source: 'pinned' | 'known' };

/** Whether a host's key is the one we expect: pinned fingerprints win over known_hosts; without either it is the first contact. */
export function judgeHostKey(offered: Buffer, pinned: readonly string[], known: readonly Buffer[]): Verdict {
  if (pinned.length > 0) {
    if (pinned.includes(fingerprint(offered))) return { trust: 'known' };
    return { trust: 'mismatch', expected: pinned, source: 'pinned' };
  }
  if (known.length === 0) return { trust: 'first' };
  if (known.some((key) => key.equals(offered))) return { trust: 'known' };
  return { trust: 'mismatch', expected: known.map(fingerprint), source: 'known' };
}

const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type HostKeyAlgorithm = (typeof HOST_KEY_ALGORITHMS)[number];

const typeOf = (algorithm: string): string => (algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);

/** Order of preference: algorithms of keys that we know come first, or a host with several keys would look like an impostor. */
export function hostKeyAlgorithms(known: readonly Buffer[]): HostKeyAlgorithm[] {
  const types = new Set(known.map(keyType));
  const isKnown = (algorithm: string): boolean => types.has(typeOf(algorithm));
  return [...HOST_KEY_ALGORITHMS.filter(isKnown), ...HOST_KEY_ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}

/** The algorithms that are left when keys of these types were refused. */
export function withoutType(algorithms: readonly HostKeyAlgorithm[], refused: readonly Buffer[]): HostKeyAlgorithm[] {
  const types = new Set(refused.map(keyType));
  return algorithms.filter((algorithm) => !types.has(typeOf(algorithm)));
}
