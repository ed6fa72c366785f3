import { EncryptedText } from '#src/secrets/late.ts';
import { Secret } from '#src/secrets/secret.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import type { Target } from '#src/transport/connection.ts';
import type { Host } from './cluster.ts';
import { isMap } from './layers.ts';
import type { LoadedCluster } from './loaded.ts';

/** A value of a host with where it comes from. Lists are one value. */
export interface Traced {
  /** `k3s.kubelet.shutdownGracePeriod` */
  path: string;
  value: unknown;
  origin: string;
}

export interface HostView {
  name: string;
  groups: readonly string[];
  roles: readonly string[];
  /** Address, user, port and the like. */
  reach: Traced[];
  /** Variables of the namespaces asked for. */
  vars: Traced[];
  /** Secrets that it may use, and where they stand; those in a vault that is closed are not known. Never a value. */
  secrets: { name: string; origin: string }[];
}

/** One host with everything merged. Never holds a secret: a password shows as its name. */
export function viewHost(cluster: LoadedCluster, host: Host, namespaces: readonly string[]): HostView {
  const { target } = host;
  const reach: Record<string, unknown> = {
    address: target.address,
    user: target.user,
    port: target.port,
    become: target.become.method,
    hostKey: target.hostKeys,
    identityFile: target.identityFiles,
    connectTimeout: target.connectTimeoutMs / 1000,
    ...(target.jump && { jump: jumpNames(target) }),
  };
  const wanted = Object.entries(host.vars).filter(([name]) => namespaces.includes(name));
  return {
    name: host.name,
    groups: host.groups,
    roles: host.roles,
    reach: Object.entries(reach).map(([path, value]) => ({ path, value, origin: cluster.originOfReach(host.name, path) })),
    vars: wanted.flatMap(([name, value]) => trace(cluster, host.name, [name], value)),
    secrets: secretsOf(cluster.secretsOf(host.name)),
  };
}

const secretsOf = (store: SecretStore): HostView['secrets'] =>
  store.paths().map((name) => {
    const place = store.placeOf(name);
    return { name, origin: place ? `${place.file}:${place.line}` : store.name };
  });

/** A secret as it is referred to. */
function withoutSecrets(value: unknown): unknown {
  if (value instanceof EncryptedText) return '(encrypted)';
  if (value instanceof Secret) return { secretRef: value.label };
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)])) : value;
}

/** The way to a host, the nearest to us first. */
function jumpNames({ jump }: Target): string[] {
  return jump === undefined || jump === 'none' ? [] : [...jumpNames(jump), jump.name];
}

function trace(cluster: LoadedCluster, host: string, path: readonly string[], value: unknown): Traced[] {
  if (value === undefined) return [];
  if (isMap(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, inner]) => trace(cluster, host, [...path, key], inner));
  return [{ path: path.join('.'), value: withoutSecrets(value), origin: cluster.originOfVar(host, path) }];
}

export interface ClusterView {
  name: string;
  release: string;
  directory: string;
  components: Record<string, string>;
  network: LoadedCluster['network'];
  groups: LoadedCluster['groups'];
  hosts: { name: string; address: string; groups: readonly string[]; roles: readonly string[] }[];
}

/** The cluster as a whole: groups, hosts, roles. */
export function viewCluster(cluster: LoadedCluster): ClusterView {
  const { name, release, directory, network, groups, book } = cluster;
  const components = Object.fromEntries(
    [...book.release.components.values()].map((component) => [component.name, component.version]),
  );
  const hosts = cluster.hosts.map(({ name, address, groups, roles }) => ({ name, address, groups, roles }));
  return { name, release, directory, components, network, groups, hosts };
}

/** A tree of groups with their hosts, then the hosts with their roles. */
export function describeCluster(view: ClusterView): string {
  const components = Object.entries(view.components).map(([name, version]) => `${name} ${version}`);
  const children = new Set(view.groups.flatMap((group) => group.children));
  const tree = (name: string, indent: string): string[] => {
    const group = view.groups.find((candidate) => candidate.name === name);
    if (!group) return [];
    const inherited = new Set(group.children.flatMap((child) => view.groups.find((other) => other.name === child)?.hosts ?? []));
    const own = name === 'all' ? [] : group.hosts.filter((host) => !inherited.has(host));
    const roles = group.roles.length > 0 ? `  [${group.roles.join(', ')}]` : '';
    const below =
      name === 'all'
        ? view.groups.filter((other) => other !== group && !children.has(other.name)).map((other) => other.name)
        : group.children;
    return [
      `${indent}${name}${roles}`,
      ...own.map((host) => `${indent}  ${host}`),
      ...below.flatMap((child) => tree(child, `${indent}  `)),
    ];
  };
  const hosts = view.hosts.map(({ name, address, roles }) => [name, address, roles.join(', ') || '-']);
  return [
    `${view.name}: release ${view.release}${components.length > 0 ? ` (${components.join(', ')})` : ''}`,
    view.directory,
    '',
    ...tree('all', ''),
    '',
    ...columns(hosts),
  ].join('\n');
}

export function describeHost(view: HostView): string {
  const rows = (traced: readonly Traced[]): string[] =>
    columns(traced.map(({ path, value, origin }) => [path, show(value), `# ${origin}`]));
  return [
    view.name,
    `groups: ${view.groups.join(', ')}`,
    `roles: ${view.roles.join(', ') || '-'}`,
    '',
    ...rows(view.reach),
    '',
    ...rows(view.vars),
    ...(view.secrets.length > 0
      ? ['', 'secrets:', ...columns(view.secrets.map(({ name, origin }) => [`  ${name}`, `# ${origin}`]))]
      : []),
  ].join('\n');
}

const show = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value));

/** Cells in columns; long ones do not push the others away. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1].map((column) => Math.min(Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)), 48));
  return rows.map((row) =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index] ?? 0) : cell)).join('  '),
  );
}
