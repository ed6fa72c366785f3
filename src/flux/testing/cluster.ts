import type { Cluster, GitOpsSettings } from '#src/cluster/cluster.ts';
import { Secret } from '#src/secrets/secret.ts';

/** A cluster with nothing but what the hand-off reads. */
export function clusterWith(
  gitops: Partial<GitOpsSettings>,
  secrets: Readonly<Record<string, string>> = {},
): Cluster & { gitops: GitOpsSettings } {
  const known = new Map(Object.entries(secrets).map(([path, value]) => [path, new Secret(value, path)]));
  const nothing = (): never => {
    throw new Error('the hand-off does not ask this');
  };
  return {
    name: 'test',
    directory: '/nowhere',
    release: 'test',
    hosts: [],
    network: { domain: 'example.com', apiEndpoint: { host: '127.0.0.1', port: 6443 }, clusterCidr: '', serviceCidr: '' },
    gitops: {
      url: 'https://git.example.com/cluster.git',
      branch: 'main',
      path: './clusters/test',
      interval: '1m',
      timeout: '10m',
      auth: 'none',
      settings: {},
      before: [],
      ...gitops,
    },
    timeouts: { reconnectMs: 90_000, rebootMs: 600_000, drainMs: 300_000 },
    digest: '',
    host: nothing,
    hostsWithRole: () => [],
    version: nothing,
    artifact: nothing,
    secret: (path) => known.get(path) ?? nothing(),
    hasSecret: (path) => known.has(path),
    templates: () => new Map(),
    secrets: [...known.values()],
  };
}
