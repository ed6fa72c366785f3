import { parse } from 'yaml';
import { type ClusterDraft, putVars } from './draft.ts';
import { hostsOfGroup } from './inventory.ts';
import { Unresolved } from './jinja.ts';
import { type AnsibleProject, type Notes, variablesOf } from './project.ts';
import { Encrypted } from './yaml.ts';

type Vars = Record<string, unknown>;

/** Groups of the original project, and what their machines are. */
export const SERVERS = 'k3s_master';
export const AGENTS = 'k3s_worker';

/** Keys of K3s's config.yaml that are variables of picluster under another name. */
const SCALARS: Readonly<Record<string, string>> = {
  'flannel-backend': 'flannelBackend',
  'disable-kube-proxy': 'disableKubeProxy',
  'disable-network-policy': 'disableNetworkPolicy',
  'disable-helm-controller': 'disableHelmController',
  'disable-cloud-controller': 'disableCloudController',
  'embedded-registry': 'embeddedRegistry',
  'secrets-encryption': 'secretsEncryption',
  'etcd-expose-metrics': 'etcdExposeMetrics',
  'cluster-dns': 'clusterDns',
  'cluster-domain': 'clusterDomain',
  'node-ip': 'nodeIp',
};
const LISTS: Readonly<Record<string, string>> = {
  disable: 'disable',
  'tls-san': 'tlsSan',
  'node-taint': 'nodeTaints',
  'kubelet-arg': 'kubeletArgs',
  'kube-proxy-arg': 'kubeProxyArgs',
  'kube-apiserver-arg': 'kubeApiserverArgs',
  'kube-controller-manager-arg': 'kubeControllerManagerArgs',
  'kube-cloud-controller-manager-arg': 'kubeCloudControllerManagerArgs',
  'kube-scheduler-arg': 'kubeSchedulerArgs',
  'etcd-arg': 'etcdArgs',
};
/** What picluster writes itself from the inventory. */
const OWN = ['cluster-init', 'server', 'token', 'token-file', 'agent-token', 'agent-token-file', 'node-name'];

/** K3s: roles of servers and agents, their configuration, the API endpoint, the token. `release` is what the release sets already. */
export function mapK3s(project: AnsibleProject, draft: ClusterDraft, notes: Notes, release: Vars): void {
  const [first] = hostsOfGroup(project.inventory, SERVERS);
  if (first === undefined) {
    notes.todo.push(`there is no group ${SERVERS}: give roles to groups in cluster.yaml yourself`);
    return;
  }
  const vars = variablesOf(project, first);
  const endpoint = vars.k3s_api_vip ?? vars.k3s_master_ip;
  if (typeof endpoint === 'string')
    draft.cluster.network = { ...(draft.cluster.network as Vars), apiEndpoint: { host: endpoint } };
  for (const [group, config] of [
    [SERVERS, vars.k3s_server_config],
    [AGENTS, vars.k3s_agent_config],
  ] as const) {
    if (!draft.groups[group]) continue;
    const mapped = k3sVariables(isMap(config) ? config : {}, { endpoint, draft, notes });
    putVars(
      draft.groupVars,
      group,
      'k3s',
      without(mapped, group === SERVERS ? release : pick(release, ['kubeProxyArgs', 'kubeletArgs'])),
    );
  }
  putVars(draft.groupVars, draft.groups.k3s_cluster ? 'k3s_cluster' : SERVERS, 'k3s', kubeletOf(vars.k3s_kubelet_config, notes));
  // The playbooks found an etcd only for several servers; told otherwise, K3s would turn a server's SQLite into etcd.
  if (hostsOfGroup(project.inventory, SERVERS).length === 1 && release.datastore !== 'sqlite') {
    putVars(draft.groupVars, SERVERS, 'k3s', { datastore: 'sqlite' });
    notes.told.push(
      `k3s.datastore is sqlite: with a single server the playbooks use no etcd (set etcd if /var/lib/rancher/k3s/server/db/etcd is on ${first})`,
    );
  }
  const backend = (draft.groupVars[SERVERS]?.k3s as Vars | undefined)?.flannelBackend ?? release.flannelBackend;
  if (backend === 'none') putVars(draft.groupVars, SERVERS, 'k3s', { externalCni: true });
  // The original labels its workers through the API, in no variable.
  if (draft.groups[AGENTS]) {
    const k3s = (draft.groupVars[AGENTS]?.k3s ?? {}) as Vars;
    putVars(draft.groupVars, AGENTS, 'k3s', { nodeLabels: { ...(k3s.nodeLabels as Vars), 'kubernetes.io/role': 'worker' } });
  }
  mapToken(vars.k3s_token, first, draft, notes);
  for (const name of [
    'k3s_api_vip',
    'k3s_master_ip',
    'k3s_server_config',
    'k3s_agent_config',
    'k3s_kubelet_config',
    'k3s_token',
    'k3s_version',
    'k3s_config_directory',
  ])
    notes.used.add(name);
}

const isMap = (value: unknown): value is Vars =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unresolved);

function k3sVariables(config: Vars, { endpoint, draft, notes }: { endpoint: unknown; draft: ClusterDraft; notes: Notes }): Vars {
  const result: Vars = {};
  const extra: Vars = {};
  const addresses = [endpoint, ...Object.values(draft.hosts).map(({ address }) => address)];
  for (const [key, value] of Object.entries(config)) {
    if (OWN.includes(key)) continue;
    if (value instanceof Unresolved || value instanceof Encrypted)
      notes.todo.push(`k3s: ${key} is ${value instanceof Unresolved ? value.expression : value}: set it yourself`);
    else if (key === 'write-kubeconfig-mode') result.writeKubeconfigMode = String(value);
    else if (key === 'cluster-cidr') draft.cluster.network = { ...(draft.cluster.network as Vars), clusterCidr: value };
    else if (key === 'service-cidr') draft.cluster.network = { ...(draft.cluster.network as Vars), serviceCidr: value };
    else if (key === 'node-label') result.nodeLabels = labelsOf(listOf(value));
    else if (SCALARS[key]) result[SCALARS[key]] = value;
    else if (LISTS[key]) result[LISTS[key]] = listOf(value).filter((item) => !isWrittenAnyway(key, item, addresses));
    else extra[key] = value;
  }
  if (Object.keys(extra).length > 0) result.extraConfig = extra;
  return Object.fromEntries(Object.entries(result).filter(([, value]) => !(Array.isArray(value) && value.length === 0)));
}

const isWrittenAnyway = (key: string, item: string, addresses: readonly unknown[]): boolean =>
  (key === 'tls-san' && addresses.includes(item)) || (key === 'kubelet-arg' && item.startsWith('config='));

const listOf = (value: unknown): string[] => [value].flat().map(String);

const labelsOf = (labels: readonly string[]): Record<string, string> =>
  Object.fromEntries(labels.map((label) => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)]));

const pick = (vars: Vars, keys: readonly string[]): Vars =>
  Object.fromEntries(keys.flatMap((key) => (key in vars ? [[key, vars[key]]] : [])));

/** What the release says already is left out: it stays the release's to change. */
const without = (vars: Vars, release: Vars): Vars =>
  Object.fromEntries(Object.entries(vars).filter(([key, value]) => JSON.stringify(release[key]) !== JSON.stringify(value)));

/** The kubelet's file stands in a variable as text. */
function kubeletOf(value: unknown, notes: Notes): Vars {
  if (value === undefined || value === '') return {};
  let config: unknown;
  try {
    config = typeof value === 'string' ? parse(value) : value;
  } catch {
    config = undefined;
  }
  if (!isMap(config)) {
    notes.todo.push('k3s_kubelet_config could not be read: set k3s.kubelet yourself');
    return {};
  }
  const { apiVersion: _apiVersion, kind: _kind, shutdownGracePeriod, shutdownGracePeriodCriticalPods, ...rest } = config;
  const kubelet = {
    ...(shutdownGracePeriod !== undefined && { shutdownGracePeriod }),
    ...(shutdownGracePeriodCriticalPods !== undefined && { shutdownGracePeriodCriticalPods }),
    ...(Object.keys(rest).length > 0 && { config: rest }),
  };
  return { kubelet };
}

function mapToken(token: unknown, server: string, draft: ClusterDraft, notes: Notes): void {
  const value = token instanceof Encrypted ? token.reveal() : token;
  if (typeof value === 'string' && value !== '') {
    draft.secrets['k3s.token'] = value;
    return;
  }
  notes.todo.push(
    `the secret k3s.token: copy what stands in /etc/rancher/k3s/cluster-token on ${server} into secrets.yaml; another token would not fit the running cluster`,
  );
}
