import { initServer } from '#roles/k3s/vars.ts';
import type { Cluster, Host } from '#src/cluster/cluster.ts';

/** The server through which the API is reached, and whose lock is the cluster's. Undefined for an inventory without servers. */
export const initServerOf = (cluster: Cluster): Host | undefined =>
  cluster.hostsWithRole('k3s-server').length > 0 ? initServer(cluster) : undefined;
