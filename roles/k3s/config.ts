import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import { paths } from './paths.ts';
import { initServer, type K3sVars } from './vars.ts';

type Config = Record<string, unknown>;

/** config.yaml of a server: nothing in it depends on which server came first, so it stays as it is when hosts are reordered. */
export function serverConfig(host: Host, vars: K3sVars, cluster: Cluster): Config {
  return {
    'token-file': paths.token,
    'agent-token-file': cluster.hasSecret('k3s.agentToken') ? paths.agentToken : undefined,
    'node-name': host.name,
    'node-ip': vars.nodeIp,
    'tls-san': tlsSans(host, vars, cluster),
    'cluster-cidr': cluster.network.clusterCidr,
    'service-cidr': cluster.network.serviceCidr,
    'cluster-dns': vars.clusterDns,
    'cluster-domain': vars.clusterDomain,
    'flannel-backend': vars.flannelBackend,
    disable: list(vars.disable),
    'disable-kube-proxy': flag(vars.disableKubeProxy),
    'disable-network-policy': flag(vars.disableNetworkPolicy),
    'disable-helm-controller': flag(vars.disableHelmController),
    'disable-cloud-controller': flag(vars.disableCloudController),
    'embedded-registry': flag(vars.embeddedRegistry),
    'secrets-encryption': flag(vars.secretsEncryption),
    'etcd-expose-metrics': flag(vars.etcdExposeMetrics),
    'write-kubeconfig-mode': vars.writeKubeconfigMode,
    'kube-apiserver-arg': list(vars.kubeApiserverArgs),
    'kube-controller-manager-arg': list(vars.kubeControllerManagerArgs),
    'kube-cloud-controller-manager-arg': list(vars.kubeCloudControllerManagerArgs),
    'kube-scheduler-arg': list(vars.kubeSchedulerArgs),
    'etcd-arg': list(vars.etcdArgs),
    ...nodeArguments(vars),
    ...vars.extraConfig,
  };
}

/** config.yaml of an agent. Only keys that agents know: K3s ends on others. */
export function agentConfig(host: Host, vars: K3sVars, cluster: Cluster): Config {
  const { apiEndpoint } = cluster.network;
  return {
    server: `https://${urlHost(apiEndpoint.host)}:${apiEndpoint.port}`,
    'token-file': paths.token,
    'node-name': host.name,
    'node-ip': vars.nodeIp,
    ...nodeArguments(vars),
    ...vars.extraConfig,
  };
}

/**
 * How a server without data gets some: the init server founds the cluster, the others join it. K3s does not look at it again once there is data,
 * so it lies in a drop-in of its own that is written only until then: a server restarts neither for it nor for a reordered inventory.
 */
export function datastoreConfig(host: Host, vars: K3sVars, cluster: Cluster): Config {
  const init = initServer(cluster);
  if (vars.datastore === 'sqlite') {
    if (cluster.hostsWithRole('k3s-server').length > 1)
      throw new PiclusterError('several servers need etcd', { host: host.name, hint: 'set k3s.datastore: etcd' });
    return {};
  }
  return host.name === init.name ? { 'cluster-init': true } : { server: `https://${urlHost(init.address)}:6443` };
}

/** What counts when the Node is registered; kept through the API afterwards, without a restart. */
export const registrationConfig = (vars: K3sVars): Config => ({ 'node-taint': list(vars.nodeTaints) });

const nodeArguments = (vars: K3sVars): Config => ({
  'kubelet-arg': [`config=${paths.kubelet}`, ...vars.kubeletArgs],
  'kube-proxy-arg': list(vars.kubeProxyArgs),
});

/** K3s puts all servers' own addresses into the shared certificate itself: naming them here would restart every server for a new one. */
function tlsSans(host: Host, vars: K3sVars, { network }: Cluster): string[] {
  return [...new Set([network.apiEndpoint.host, host.address, `${host.name}.${network.domain}`, ...vars.tlsSan])];
}

const list = (values: readonly string[]): readonly string[] | undefined => (values.length > 0 ? values : undefined);
const flag = (value: boolean): true | undefined => (value ? true : undefined);
const urlHost = (address: string): string => (address.includes(':') ? `[${address}]` : address);
