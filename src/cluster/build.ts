import { durationMs } from '#src/duration.ts';
import { ConfigError } from '#src/errors.ts';
import type { ArtifactBook } from '#src/release/artifact-book.ts';
import type { EdgeEnd, ExtraEdge } from '#src/role/edge.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import type { TemplateOverrides } from '#src/template/template.ts';
import type { Target } from '#src/transport/connection.ts';
import type { Path } from '#src/yaml/source.ts';
import { parseEnd } from './after.ts';
import type { Host, NetworkSettings, Timeouts } from './cluster.ts';
import { type Draft, rolesOf } from './draft.ts';
import { groupsOf } from './host-layers.ts';
import { withJumps } from './jumps.ts';
import { originAt, showOrigin, type Tree } from './layers.ts';
import type { Group, LoadedCluster } from './loaded.ts';
import type { ClusterFile } from './schema.ts';
import { everySecret, secretsOfHost } from './secret-layers.ts';
import { type AskedBecome, targetOf } from './target.ts';
import type { Validated } from './validate.ts';

export interface BuildOptions {
  directory: string;
  book: ArtifactBook;
  cacheDir: string;
  /** Who logs in where the inventory does not say. */
  defaultUser(address: string): string;
  digest: string;
  asked?: AskedBecome | undefined;
}

/** The cluster that validated files describe. */
export function buildCluster(validated: Validated, file: ClusterFile, options: BuildOptions): LoadedCluster {
  const { draft, vars, reach, findings } = validated;
  const secrets = new Map(draft.hostNames.map((name) => [name, secretsOfHost(name, draft.membership, draft.files.secrets)]));
  const { cluster: shared } = draft.files.secrets;
  const storeOf = (host?: string): SecretStore => (host === undefined ? undefined : secrets.get(host)) ?? shared;
  const { book } = options;
  const targets = withJumps(new Map(draft.hostNames.map((name) => [name, directTarget(name, validated, options)])), reach);
  const hosts = draft.hostNames.map((name) => buildHost(name, validated, targets.get(name)!));
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const hostsWithRole = (role: string): Host[] => hosts.filter(({ roles }) => roles.includes(role));
  return Object.freeze({
    name: file.name,
    directory: options.directory,
    release: file.release,
    hosts,
    network: deepFreeze(networkOf(file, firstByName(hostsWithRole('k3s-server')) ?? hosts[0])),
    gitops: deepFreeze(file.gitops),
    timeouts: timeoutsOf(file),
    digest: options.digest,
    host(name: string): Host {
      const host = byName.get(name);
      if (!host) throw new ConfigError(`there is no host "${name}" in ${file.name}`);
      return host;
    },
    hostsWithRole,
    version: (component: string) => book.version(component),
    artifact: book.source.bind(book),
    secret(path: string, host?: string) {
      const secret = storeOf(host).get(path);
      if (secret) return secret;
      throw new ConfigError(`there is no secret "${path}" in ${storeOf(host).name}`, [], {
        hint: `add it to ${options.directory}/${shared.name}`,
      });
    },
    templates: (role: string) => templatesOf(role, draft.files.templates),
    hasSecret: (path: string, host?: string) => storeOf(host).get(path) !== undefined,
    secretsOf: (host: string) => storeOf(host),
    secrets: [...everySecret(draft.files.secrets), ...draft.files.encrypted.filter(({ isOpen }) => isOpen)],
    groups: groupsFor(draft),
    hooks: deepFreeze(file.hooks),
    after: extraEdges(file, draft),
    warnings: findings.warnings,
    book,
    cacheDir: options.cacheDir,
    fileDigests: draft.files.fileDigests,
    originOfVar: (host: string, path: Path) => originIn(vars.get(host)?.tree, path),
    originOfReach: (host: string, key: string) => originIn(reach.get(host)?.tree, [key]),
  });
}

function directTarget(name: string, { draft, reach }: Validated, options: BuildOptions): Target {
  const settings = reach.get(name)?.parsed;
  if (!settings) throw new TypeError(`${name} was not validated`);
  const { directory, asked } = options;
  const secrets = secretsOfHost(name, draft.membership, draft.files.secrets);
  const user = options.defaultUser(settings.address);
  return targetOf(name, settings, { user, directory, asked, secrets });
}

function buildHost(name: string, { draft, vars }: Validated, target: Target): Host {
  return Object.freeze({
    name,
    address: target.address,
    groups: Object.freeze(groupsOf(name, draft.membership)),
    roles: Object.freeze(rolesOf(name, draft)),
    target,
    vars: deepFreeze(vars.get(name)?.parsed ?? {}),
  });
}

function networkOf(file: ClusterFile, first: Host | undefined): NetworkSettings {
  const { domain, apiEndpoint, clusterCidr, serviceCidr } = file.network;
  return { domain, clusterCidr, serviceCidr, apiEndpoint: apiEndpoint ?? { host: first?.address ?? 'localhost', port: 6443 } };
}

/** By name and not by place: a reordered inventory must not restart what was told the endpoint. */
const firstByName = (hosts: readonly Host[]): Host | undefined =>
  hosts.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))[0];

function templatesOf(role: string, templates: Draft['files']['templates']): TemplateOverrides {
  const prefix = `${role}/`;
  return new Map([...templates].flatMap(([path, own]) => (path.startsWith(prefix) ? [[path.slice(prefix.length), own]] : [])));
}

function extraEdges({ after }: ClusterFile, draft: Draft): ExtraEdge[] {
  const end = (text: string): EdgeEnd => {
    const { role, step, place } = parseEnd(text);
    const hosts = place === undefined ? undefined : [...(draft.membership.hosts.get(place) ?? [place])];
    return { role, step, hosts };
  };
  return Object.entries(after).flatMap(([from, to]) => [to].flat().map((text) => ({ from: end(from), to: end(text) })));
}

function groupsFor(draft: Draft): Group[] {
  return draft.membership.order.map((name) => ({
    name,
    children: draft.groups.get(name)?.children ?? [],
    hosts: [...(draft.membership.hosts.get(name) ?? [])],
    roles: draft.roles.get(name) ?? [],
  }));
}

/** A value without a place of its own in the files was filled in by a schema. */
function originIn(tree: Tree | undefined, path: Path): string {
  let node = tree;
  for (const key of path) {
    if (!node || 'leaf' in node) break;
    node = node.branches.get(String(key));
  }
  return tree && node ? showOrigin(originAt(tree, path)) : 'default';
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

const timeoutsOf = ({ timeouts: { reconnect, reboot, drain } }: ClusterFile): Timeouts => ({
  reconnectMs: durationMs(reconnect),
  rebootMs: durationMs(reboot),
  drainMs: durationMs(drain),
});
