import type { YamlSource } from '#src/yaml/source.ts';
import { fileOrigin } from './findings.ts';
import { ALL, type Membership } from './groups.ts';
import { isMap, type Layer, withSecretRefs } from './layers.ts';
import type { ClusterFiles } from './read.ts';

/** Keys of a map that are in `names`, or those that are not. */
const keep = (data: unknown, isWanted: (key: string) => boolean): Record<string, unknown> =>
  isMap(data)
    ? Object.fromEntries(Object.entries(data).flatMap(([key, value]) => (isWanted(key) ? [[key, withSecretRefs(value)]] : [])))
    : {};

/** What a file says about variables: of a part of it, only the keys that are namespaces of roles. */
function layer(source: YamlSource, path: readonly string[], isNamespace: (key: string) => boolean): Layer[] {
  const part = path.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), source.data);
  const data = keep(part, isNamespace);
  return Object.keys(data).length === 0 ? [] : [{ data, origin: fileOrigin(source, ...path) }];
}

/** Every layer of variables in the files, by what it belongs to. */
export interface VarLayers {
  readonly release: readonly Layer[];
  readonly cluster: readonly Layer[];
  readonly groups: ReadonlyMap<string, readonly Layer[]>;
  readonly hosts: ReadonlyMap<string, readonly Layer[]>;
  readonly set: readonly Layer[];
}

export function varLayers(
  files: ClusterFiles,
  release: string | undefined,
  groupNames: readonly string[],
  hostNames: readonly string[],
  set: readonly Layer[],
  isNamespace: (key: string) => boolean,
): VarLayers {
  const { cluster, hosts, groupVars, hostVars, versions } = files;
  const fromFile = (file: YamlSource | undefined): Layer[] => (file ? layer(file, [], isNamespace) : []);
  return {
    release: release === undefined ? [] : versions.flatMap((file) => releaseLayer(file, release, isNamespace)),
    cluster: layer(cluster, [], isNamespace),
    groups: new Map(
      groupNames.map((name) => [
        name,
        [...layer(hosts, ['groups', name, 'vars'], isNamespace), ...fromFile(groupVars.get(name))],
      ]),
    ),
    hosts: new Map(
      hostNames.map((name) => [name, [...layer(hosts, ['hosts', name], isNamespace), ...fromFile(hostVars.get(name))]]),
    ),
    set: set.map(({ data, origin }) => ({ data: keep(data, isNamespace), origin })),
  };
}

const releaseLayer = (source: YamlSource, release: string, isNamespace: (key: string) => boolean): Layer[] =>
  layer(source, ['releases', release, 'vars'], isNamespace).map(({ data, origin }) => ({
    data,
    origin: { ...origin, label: `release ${release}` },
  }));

/** Groups of a host, weakest first: `all`, parents before children, then by name. */
export const groupsOf = (host: string, membership: Membership): string[] =>
  membership.order.filter((group) => group === ALL || membership.hosts.get(group)?.has(host));

/** The layers of one host, weakest first: release, cluster.yaml, groups, host, command line. */
export const layersOf = (host: string, membership: Membership, layers: VarLayers): Layer[] => [
  ...layers.release,
  ...layers.cluster,
  ...groupsOf(host, membership).flatMap((group) => layers.groups.get(group) ?? []),
  ...(layers.hosts.get(host) ?? []),
  ...layers.set,
];

/** All layers, each once. */
export const allLayers = (layers: VarLayers): Layer[] => [
  ...layers.release,
  ...layers.cluster,
  ...[...layers.groups.values()].flat(),
  ...[...layers.hosts.values()].flat(),
  ...layers.set,
];

/** How one host is reached, weakest first: cluster.yaml, groups, the host itself, command line. Keys as under `ssh`, and the host's own. */
export function sshLayers(
  host: string,
  membership: Membership,
  files: ClusterFiles,
  set: readonly Layer[],
  keys: readonly string[],
): Layer[] {
  const isKey = (key: string): boolean => keys.includes(key);
  return [
    ...layer(files.cluster, ['ssh'], isKey),
    ...groupsOf(host, membership).flatMap((group) => layer(files.hosts, ['groups', group, 'ssh'], isKey)),
    ...layer(files.hosts, ['hosts', host], isKey),
    ...set.flatMap(({ data, origin }) =>
      isMap(data.ssh) && origin.kind === 'set' ? [{ data: keep(data.ssh, isKey), origin: { ...origin, path: ['ssh'] } }] : [],
    ),
  ];
}
