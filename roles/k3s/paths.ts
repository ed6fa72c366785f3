const CONFIG = '/etc/rancher/k3s';
const DATA = '/var/lib/rancher/k3s';

/** Where K3s looks; names of K3s, not ours (reference: K3s's own documentation of its files). */
export const paths = {
  binary: '/usr/local/bin/k3s',
  /** Names under which the binary acts as another command. */
  links: ['/usr/local/bin/kubectl', '/usr/local/bin/crictl', '/usr/local/bin/ctr'],
  configDirectory: CONFIG,
  config: `${CONFIG}/config.yaml`,
  dropIns: `${CONFIG}/config.yaml.d`,
  /** Read while the server has no data yet, ignored afterwards. */
  datastore: `${CONFIG}/config.yaml.d/10-datastore.yaml`,
  /** Read when the Node is registered, ignored afterwards. */
  registration: `${CONFIG}/config.yaml.d/20-registration.yaml`,
  token: `${CONFIG}/token`,
  agentToken: `${CONFIG}/agent-token`,
  kubelet: `${CONFIG}/kubelet.config`,
  registries: `${CONFIG}/registries.yaml`,
  data: DATA,
  agent: `${DATA}/agent`,
  images: `${DATA}/agent/images`,
  etcdLog: `${DATA}/server/db/etcd/member/wal`,
} as const;
