import type { Secret } from './secret.ts';

/** Where the secrets of a cluster are kept. Paths are dotted: `k3s.token`. */
export interface SecretStore {
  /** For messages: the file or vault they are in. */
  readonly name: string;
  /** Nobody decrypted it: every path has a secret that cannot be revealed. */
  readonly isSealed?: boolean;
  get(path: string): Secret | undefined;
  paths(): readonly string[];
  /** Those that have a path, and what rotated ones were: all that must not be shown. */
  all(): readonly Secret[];
}

/** Secrets held in memory. `rotated`: earlier values, which nothing can be given any more. */
export function secretStore(name: string, secrets: ReadonlyMap<string, Secret>, rotated: readonly Secret[] = []): SecretStore {
  return {
    name,
    get: (path) => secrets.get(path),
    paths: () => [...secrets.keys()],
    all: () => [...secrets.values(), ...rotated],
  };
}
