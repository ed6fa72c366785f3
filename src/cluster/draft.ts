import type { Release } from '#src/release/release.ts';
import { ALL, type GroupEntries, type GroupEntry, type Membership, resolveGroups } from './groups.ts';
import { groupsOf } from './host-layers.ts';
import { isMap, type Tree, toData } from './layers.ts';
import type { ClusterFiles } from './read.ts';
import type { ClusterFile } from './schema.ts';

/**
 * What can be said about a cluster although its files may have mistakes: everything ill-typed is left out (a schema has told it),
 * so that the checks between files still find theirs.
 */
export interface Draft {
  readonly files: ClusterFiles;
  /** cluster.yaml without variables, the command line's settings merged in. */
  readonly clusterTree: Tree;
  /** The same, validated; undefined when it is not valid. */
  readonly cluster: ClusterFile | undefined;
  readonly release: string | undefined;
  readonly hostNames: readonly string[];
  /** Hosts that are maps, whatever is in them. */
  readonly soundHosts: ReadonlySet<string>;
  readonly groups: GroupEntries;
  readonly membership: Membership;
  /** Group -> roles, as written. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  readonly releases: ReadonlyMap<string, Release>;
}

export function draftOf(
  files: ClusterFiles,
  clusterTree: Tree,
  cluster: ClusterFile | undefined,
  releases: ReadonlyMap<string, Release>,
): Draft {
  const written = toData(clusterTree);
  const inventory = isMap(files.hosts.data) ? files.hosts.data : {};
  const hosts = mapOf(inventory.hosts);
  const hostNames = Object.keys(hosts);
  const groups = new Map(Object.entries(mapOf(inventory.groups)).map(([name, entry]) => [name, groupEntry(entry)]));
  const roles = Object.entries(mapOf(isMap(written) ? written.roles : undefined)).map(([group, names]): [string, string[]] => [
    group,
    stringsOf(names),
  ]);
  return {
    files,
    clusterTree,
    cluster,
    release: isMap(written) && typeof written.release === 'string' ? written.release : undefined,
    hostNames,
    soundHosts: new Set(hostNames.filter((name) => isMap(hosts[name]))),
    groups,
    membership: resolveGroups(groups, hostNames),
    roles: new Map(roles),
    releases,
  };
}

const mapOf = (value: unknown): Record<string, unknown> => (isMap(value) ? value : {});
const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? item : '')) : [];
const groupEntry = (value: unknown): GroupEntry => ({
  hosts: stringsOf(mapOf(value).hosts),
  children: stringsOf(mapOf(value).children),
});

/** Roles of a host: those of its groups, in the order of cluster.yaml, each once. */
export function rolesOf(host: string, draft: Draft): string[] {
  const groups = groupsOf(host, draft.membership);
  return [...new Set([...draft.roles].flatMap(([group, roles]) => (groups.includes(group) ? roles : [])))];
}

export const groupNames = (draft: Draft): string[] => [...new Set([ALL, ...draft.groups.keys()])];
