import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { ConfigError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Resource } from '#src/resource/kind.ts';
import { debian } from '#src/resource/test-facts.ts';
import type { Role } from '#src/role/role.ts';
import { draftName, type StepDraft, type StepList } from '#src/role/step.ts';
import { Secret } from '#src/secrets/secret.ts';
import { maskContent } from '#src/template/content.ts';

/** Hosts, facts and clusters for tests of roles; nothing here is used in a run. */

export interface HostOptions {
  roles?: string[];
  vars?: Record<string, unknown>;
  user?: string;
  address?: string;
}

export function testCluster(hosts: Record<string, HostOptions>, options: { secrets?: string[] } = {}): Cluster {
  const all = Object.entries(hosts).map(([name, host], index) => testHost(name, `10.0.0.${11 + index}`, host));
  const secrets = new Map(['k3s.token', ...(options.secrets ?? [])].map((path) => [path, new Secret(`value-of-${path}`, path)]));
  const servers = all.filter(({ roles }) => roles.includes('k3s-server'));
  return {
    name: 'test',
    directory: '/nowhere',
    release: 'lab',
    hosts: all,
    network: {
      domain: 'picluster.example.com',
      apiEndpoint: { host: servers[0]?.address ?? '10.0.0.11', port: 6443 },
      clusterCidr: '10.42.0.0/16',
      serviceCidr: '10.43.0.0/16',
    },
    timeouts: { reconnectMs: 90_000, rebootMs: 600_000, drainMs: 300_000 },
    gitops: undefined,
    digest: '0'.repeat(64),
    host(name) {
      const found = all.find((host) => host.name === name);
      if (!found) throw new ConfigError(`no host ${name}`);
      return found;
    },
    hostsWithRole: (role) => all.filter(({ roles }) => roles.includes(role)),
    version: () => 'v1.34.4+k3s1',
    artifact: (component, name, arch) => ({
      urls: [`https://mirror.example.com/${component}/${name}-${arch}`],
      sha256: 'a'.repeat(64),
      name: `${component}-${name}-${arch}.tar`,
    }),
    secret(path) {
      const secret = secrets.get(path);
      if (!secret) throw new ConfigError(`no secret ${path}`);
      return secret;
    },
    hasSecret: (path) => secrets.has(path),
    templates: () => new Map(),
    secrets: [...secrets.values()],
  };
}

function testHost(name: string, address: string, options: HostOptions): Host {
  return {
    name,
    address: options.address ?? address,
    groups: ['all'],
    roles: options.roles ?? [],
    target: {
      name,
      address,
      port: 22,
      user: options.user ?? 'admin',
      become: { method: 'sudo' },
      hostKeys: [],
      identityFiles: [],
      connectTimeoutMs: 1000,
    },
    vars: options.vars ?? {},
  };
}

/** The machine of the kinds' tests, with what a role's test says otherwise. */
export const testFacts = (facts: Partial<Facts> = {}): Facts => ({ ...debian, ...facts });

/** The steps of one host of the cluster, its variables taken from the host. */
export function stepsOf<Vars>(role: Role<Vars>, cluster: Cluster, name: string, facts: Partial<Facts> = {}): StepDraft[] {
  const host = cluster.host(name);
  const vars = role.vars.parse(host.vars[role.namespace] ?? {});
  return flat(role.steps({ host, facts: testFacts(facts), vars, cluster, templates: cluster.templates(role.name) }));
}

const flat = (list: StepList): StepDraft[] => list.flatMap((entry) => ('parallel' in entry ? [...entry.parallel] : [entry]));

export const names = (steps: readonly StepDraft[]): string[] => steps.map(draftName);

/** The step with this name; throws when there is none, naming those that are. */
export function named(steps: readonly StepDraft[], name: string): StepDraft {
  const found = steps.find((step) => draftName(step) === name);
  if (!found) throw new TypeError(`no step ${name} among ${names(steps).join(', ')}`);
  return found;
}

export const specOf = (step: StepDraft): Record<string, unknown> => (step.work as Resource<Record<string, unknown>>).spec;

/** Text of a file step, secrets masked. */
export const textOf = (steps: readonly StepDraft[], path: string): string =>
  maskContent(specOf(named(steps, `file:${path}`)).content as string);
