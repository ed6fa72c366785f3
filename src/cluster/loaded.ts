import type { Mistake } from '#src/errors.ts';
import type { ArtifactBook } from '#src/release/artifact-book.ts';
import type { ExtraEdge } from '#src/role/edge.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import type { Path } from '#src/yaml/source.ts';
import type { Cluster } from './cluster.ts';
import type { HookSetting } from './hooks.ts';

export interface Group {
  readonly name: string;
  readonly children: readonly string[];
  /** Children's hosts included, in inventory order. */
  readonly hosts: readonly string[];
  /** As cluster.yaml gives them to this group. */
  readonly roles: readonly string[];
}

/** A cluster together with what only those who loaded it ask: where values come from, what was odd, its artifacts. */
export interface LoadedCluster extends Cluster {
  /** `all` first, parents before children. */
  readonly groups: readonly Group[];
  readonly warnings: readonly Mistake[];
  readonly book: ArtifactBook;
  /** SHA-256, hex, of each file that was read, by its name; without secrets. */
  readonly fileDigests: ReadonlyMap<string, string>;
  readonly hooks: readonly HookSetting[];
  /** Edges that the operator adds, hosts named one by one. */
  readonly after: readonly ExtraEdge[];
  /** The secrets that a host may use, with where they stand. */
  secretsOf(host: string): SecretStore;
  /** Where fetched artifacts are kept. */
  readonly cacheDir: string;
  /** Where a variable of a host comes from, for people: `group_vars/all.yaml:3`, `default`. */
  originOfVar(host: string, path: Path): string;
  /** The same for `address`, `user`, `port`, `become`, ... */
  originOfReach(host: string, key: string): string;
}
