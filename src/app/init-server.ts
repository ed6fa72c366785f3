import type { Cluster, Host } from '#src/cluster/cluster.ts';

/** The server that others join: `k3s.initServer`, else the first of the inventory. Undefined without servers. */
export function initServerOf(cluster: Cluster): Host | undefined {
  const servers = cluster.hostsWithRole('k3s-server');
  const named = servers
    .map(({ vars }) => (vars.k3s as { initServer?: string } | undefined)?.initServer)
    .find((name) => name !== undefined);
  return servers.find(({ name }) => name === named) ?? servers[0];
}
