import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { revealContent } from '#src/template/content.ts';
import { testCluster } from '../testing.ts';
import { agentConfig, datastoreConfig, registrationConfig, serverConfig } from './config.ts';
import { k3sYaml } from './k3s-yaml.ts';
import { K3sVars } from './vars.ts';

const cluster = testCluster({
  n1: { roles: ['k3s-server'] },
  n2: { roles: ['k3s-server'] },
  n3: { roles: ['k3s-agent'] },
});
const written = (config: Record<string, unknown>): unknown => parse(revealContent(k3sYaml(config)), { version: '1.1' });
const server = (vars: object): unknown => written(serverConfig(cluster.host('n1'), K3sVars.parse(vars), cluster));

const DEFAULTS = {
  'token-file': '/etc/rancher/k3s/token',
  'node-name': 'n1',
  'tls-san': ['10.0.0.11', 'n1.picluster.example.com'],
  'cluster-cidr': '10.42.0.0/16',
  'service-cidr': '10.43.0.0/16',
  'flannel-backend': 'vxlan',
  'write-kubeconfig-mode': '600',
  'kubelet-arg': ['config=/etc/rancher/k3s/kubelet.config'],
};

it.each([
  ['defaults', {}, {}],
  [
    'another CNI',
    { flannelBackend: 'none', disableKubeProxy: true, disableNetworkPolicy: true },
    { 'flannel-backend': 'none', 'disable-kube-proxy': true, 'disable-network-policy': true },
  ],
  ['parts left out', { disable: ['traefik', 'servicelb'] }, { disable: ['traefik', 'servicelb'] }],
  [
    'component arguments',
    { kubeletArgs: ['max-pods=50'], etcdArgs: ['quota-backend-bytes=1'] },
    { 'kubelet-arg': ['config=/etc/rancher/k3s/kubelet.config', 'max-pods=50'], 'etcd-arg': ['quota-backend-bytes=1'] },
  ],
  [
    'more names in the certificate, each once',
    { tlsSan: ['api.example.com', '10.0.0.11'] },
    { 'tls-san': ['10.0.0.11', 'n1.picluster.example.com', 'api.example.com'] },
  ],
  [
    'keys without a variable',
    { extraConfig: { 'etcd-snapshot-retention': 3, 'pause-image': 'x' } },
    { 'etcd-snapshot-retention': 3, 'pause-image': 'x' },
  ],
  ['a mode that YAML 1.1 would take for a number', { writeKubeconfigMode: '0644' }, { 'write-kubeconfig-mode': '0644' }],
])('a server: %s', (_, vars, expected) => {
  expect(server(vars)).toEqual({ ...DEFAULTS, ...expected });
});

it('an agent gets only keys that agents know', () => {
  const vars = K3sVars.parse({
    disable: ['traefik'],
    kubeletArgs: ['max-pods=50'],
    nodeIp: '10.0.0.13',
    secretsEncryption: true,
  });
  expect(written(agentConfig(cluster.host('n3'), vars, cluster))).toEqual({
    server: 'https://10.0.0.11:6443',
    'token-file': '/etc/rancher/k3s/token',
    'node-name': 'n3',
    'node-ip': '10.0.0.13',
    'kubelet-arg': ['config=/etc/rancher/k3s/kubelet.config', 'max-pods=50'],
  });
});

it('an agent token has a file of its own on servers', () => {
  const withToken = testCluster({ n1: { roles: ['k3s-server'] } }, { secrets: ['k3s.agentToken'] });
  expect(serverConfig(withToken.host('n1'), K3sVars.parse({}), withToken)['agent-token-file']).toBe(
    '/etc/rancher/k3s/agent-token',
  );
});

it.each([
  ['the first server founds', {}, 'n1', { 'cluster-init': true }],
  ['the others join it', {}, 'n2', { server: 'https://10.0.0.11:6443' }],
  ['a named server founds', { initServer: 'n2' }, 'n2', { 'cluster-init': true }],
  ['the first joins a named one', { initServer: 'n2' }, 'n1', { server: 'https://10.0.0.12:6443' }],
])('datastore: %s', (_, vars, name, expected) => {
  const k3s = { k3s: vars };
  const two = testCluster({ n1: { roles: ['k3s-server'], vars: k3s }, n2: { roles: ['k3s-server'], vars: k3s } });
  expect(datastoreConfig(two.host(name), K3sVars.parse(vars), two)).toEqual(expected);
});

it('several servers need etcd', () => {
  expect(() => datastoreConfig(cluster.host('n1'), K3sVars.parse({ datastore: 'sqlite' }), cluster)).toThrow(
    'several servers need etcd',
  );
});

it('taints count at registration only', () => {
  expect(written(registrationConfig(K3sVars.parse({ nodeTaints: ['dedicated=db:NoSchedule'] })))).toEqual({
    'node-taint': ['dedicated=db:NoSchedule'],
  });
  expect(written(registrationConfig(K3sVars.parse({})))).toEqual({});
});

it.each([
  [{ extraConfig: { token: 'x' } }, 'is set by the secret k3s.token'],
  [{ extraConfig: { 'disable+': ['traefik'] } }, 'is set by k3s.disable'],
  [{ nodeTaints: ['dedicated'] }, 'a taint such as'],
  [{ kubelet: { shutdownGracePeriod: '30' } }, 'a duration such as'],
  [{ kubelet: { config: { shutdownGracePeriod: '1s' } } }, 'has a variable of its own'],
  [{ writeKubeconfigMode: '999' }, 'an octal mode'],
  [{ flannel: 'none' }, 'Unrecognized key'],
])('refuses %j', (vars, message) => {
  expect(() => K3sVars.parse(vars)).toThrow(message);
});
