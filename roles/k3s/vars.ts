import { z } from 'zod';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { secretText } from '#src/secrets/secret-text.ts';
import { Duration } from '../duration.ts';
import { typedKeys } from './keys.ts';

const toggle = (what: string) => z.boolean().default(false).describe(what);
const componentArgs = (component: string) =>
  z.array(z.string()).default([]).describe(`Arguments of ${component}, \`name=value\`; they replace K3s's own of that name`);

/** `key=value:Effect`, `key:Effect`: a taint as kubectl and K3s write it. */
const Taint = z
  .string()
  .regex(/^[\w./-]+(?:=[\w.-]*)?:(?:NoSchedule|PreferNoSchedule|NoExecute)$/, 'a taint such as dedicated=db:NoSchedule');

const Scalar = z.union([z.string(), z.number(), z.boolean(), secretText()]);

const ExtraConfig = z
  .record(z.string(), z.union([Scalar, z.array(Scalar)]))
  .default({})
  .describe('Keys of config.yaml that have no variable of their own, as K3s names them')
  .superRefine((extra, context) => {
    for (const key of Object.keys(extra)) {
      const variable = typedKeys[key.replace(/\+$/, '')];
      if (variable) context.addIssue({ code: 'custom', path: [key], message: `is set by ${variable}` });
    }
  });

const Kubelet = z
  .strictObject({
    shutdownGracePeriod: Duration.default('30s').describe('Time that pods have to end when the node shuts down; 0s turns it off'),
    shutdownGracePeriodCriticalPods: Duration.default('10s').describe('Part of it that is kept for critical pods'),
    logindMargin: Duration.default('10s').describe('Time by which logind waits longer than the grace period'),
    config: z.record(z.string(), z.unknown()).default({}).describe('More keys of KubeletConfiguration v1beta1'),
  })
  .superRefine((kubelet, context) => {
    for (const key of ['apiVersion', 'kind', 'shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'])
      if (key in kubelet.config)
        context.addIssue({ code: 'custom', path: ['config', key], message: 'has a variable of its own, or is fixed' });
  })
  .prefault({});

const Timeouts = z
  .strictObject({
    start: Duration.default('10m').describe('Until the unit is active; a joining server waits for others meanwhile'),
    apiReady: Duration.default('5m').describe('Until the API server says that it is ready'),
    nodeReady: Duration.default('5m').describe('Until the Node is there and Ready'),
  })
  .prefault({});

/** Variables of K3s (namespace `k3s`) on servers and agents. Where agents need what servers decide, they read the init server's. */
export const K3sVars = z.strictObject({
  initServer: z.string().optional().describe('The server that founds the cluster; default: the first of the inventory'),
  datastore: z.enum(['etcd', 'sqlite']).default('etcd').describe('etcd, or SQLite for a single server that will stay alone'),
  flannelBackend: z.enum(['vxlan', 'host-gw', 'wireguard-native', 'none']).default('vxlan').describe('none: a CNI of your own'),
  externalCni: toggle('With flannelBackend none: the network is there already, or somebody else brings it'),
  disable: z.array(z.string()).default([]).describe('Packaged parts that are left out: traefik, servicelb, coredns, ...'),
  disableKubeProxy: toggle('The CNI does its work'),
  disableNetworkPolicy: toggle('No network policy controller'),
  disableHelmController: toggle('No HelmChart resources'),
  disableCloudController: toggle('No embedded cloud controller'),
  embeddedRegistry: toggle('Nodes share images with each other'),
  secretsEncryption: toggle('Secrets are encrypted at rest; to be decided before the first start'),
  etcdExposeMetrics: toggle("etcd's metrics are served on the node's address"),
  tlsSan: z.array(z.string()).default([]).describe('More names and addresses in the API certificate'),
  writeKubeconfigMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'an octal mode in quotes: "600"')
    .default('600')
    .describe('Mode of /etc/rancher/k3s/k3s.yaml'),
  clusterDns: z.string().optional().describe('Address of the DNS service; default: the tenth of serviceCidr'),
  clusterDomain: z.string().optional().describe('DNS domain of services; default: cluster.local'),
  nodeIp: z.string().optional().describe("The node's address; default: the one of the default route"),
  nodeLabels: z
    .record(z.string(), z.string())
    .default({})
    .describe('Labels, set through the API (role labels too); those removed here are removed there'),
  nodeTaints: z.array(Taint).default([]).describe('Taints from the first registration on, kept through the API afterwards'),
  kubeletArgs: componentArgs('kubelet'),
  kubeProxyArgs: componentArgs('kube-proxy'),
  kubeApiserverArgs: componentArgs('kube-apiserver'),
  kubeControllerManagerArgs: componentArgs('kube-controller-manager'),
  kubeCloudControllerManagerArgs: componentArgs('the cloud controller manager'),
  kubeSchedulerArgs: componentArgs('kube-scheduler'),
  etcdArgs: componentArgs('etcd'),
  kubelet: Kubelet.describe('The kubelet configuration file'),
  registries: z.record(z.string(), z.unknown()).optional().describe('Content of registries.yaml: mirrors and configs'),
  airgapImages: toggle("K3s's own images are brought to the node instead of pulled"),
  extraImages: z
    .array(z.strictObject({ component: z.string(), name: z.string() }))
    .default([])
    .describe('Image archives of the release that are brought to the node'),
  extraConfig: ExtraConfig,
  timeouts: Timeouts.describe('How long is waited'),
});

export type K3sVars = z.infer<typeof K3sVars>;

export const k3sVarsOf = (host: Host): K3sVars => K3sVars.parse(host.vars.k3s ?? {});

/** The server that founds the cluster. Throws when the inventory has none: the loader has said so before. */
export function initServer(cluster: Cluster): Host {
  const servers = cluster.hostsWithRole('k3s-server');
  const named = servers.map((server) => k3sVarsOf(server).initServer).find((name) => name !== undefined);
  const found = servers.find(({ name }) => name === named) ?? servers[0];
  if (!found) throw new TypeError(`${cluster.name} has no server`);
  return found;
}
