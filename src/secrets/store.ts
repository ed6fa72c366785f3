import type { Place } from '#src/yaml/source.ts';
import type { Secret } from './secret.ts';

/** The one name of a secret, dotted: `k3s.token`. `k3s/token` means the same. */
export const secretPath = (name: string): string => name.replaceAll('/', '.');

/** Where the secrets of a cluster are kept. Paths are dotted: `k3s.token`; with slashes they mean the same. */
export interface SecretStore {
  /** For messages: the files they are in. */
  readonly name: string;
  /** Nobody decrypted it: every path has a secret that cannot be revealed. */
  readonly isSealed?: boolean;
  get(path: string): Secret | undefined;
  paths(): readonly string[];
  /** Those that have a path, and what rotated ones were: all that must not be shown. */
  all(): readonly Secret[];
  /** Where a secret stands; undefined: not known. */
  placeOf(path: string): Place | undefined;
}

interface SecretStoreOptions {
  /** Where secrets stand, by path. */
  readonly places?: ReadonlyMap<string, Place>;
  /** Earlier values, which nothing can be given any more. */
  readonly rotated?: readonly Secret[];
}

/** Secrets held in memory. */
export function secretStore(
  name: string,
  secrets: ReadonlyMap<string, Secret>,
  { places, rotated = [] }: SecretStoreOptions = {},
): SecretStore {
  return {
    name,
    get: (path) => secrets.get(secretPath(path)),
    paths: () => [...secrets.keys()],
    all: () => [...secrets.values(), ...rotated],
    placeOf: (path) => places?.get(secretPath(path)),
  };
}

/** Several stores as one: of those that have a secret, the last one counts. */
export function layeredStore(weakestFirst: readonly SecretStore[]): SecretStore {
  const strongestFirst = weakestFirst.toReversed();
  const holderOf = (path: string): SecretStore | undefined => strongestFirst.find((store) => store.get(path) !== undefined);
  const paths = (): string[] => [...new Set(weakestFirst.flatMap((store) => store.paths()))];
  return {
    name: weakestFirst.map(({ name }) => name).join(', '),
    isSealed: weakestFirst.some(({ isSealed }) => isSealed ?? false),
    get: (path) => holderOf(path)?.get(path),
    paths,
    all: () => weakestFirst.flatMap((store) => store.all()),
    placeOf: (path) => holderOf(path)?.placeOf(path),
  };
}
