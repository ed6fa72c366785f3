import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Secret } from '#src/secrets/secret.ts';
import { type Content, contentDigest, maskContent, revealContent, secretsOf } from '#src/template/content.ts';
import { named, names, specOf, stepsOf, testCluster, textOf } from '../testing.ts';
import role from './role.ts';

const CONFIG = '/etc/rancher/k3s/config.yaml';
const DATASTORE = '/etc/rancher/k3s/config.yaml.d/10-datastore.yaml';
const k3sServers = { n1: { roles: ['k3s-server'] }, n2: { roles: ['k3s-server'] }, n3: { roles: ['k3s-server'] } };
const withData = { k3s: { version: 'v1.34.4+k3s1', etcd: true, serverCa: undefined } };

it('is a list in this order', () => {
  expect(names(stepsOf(role, testCluster({ n1: { roles: ['k3s-server'] } }), 'n1'))).toEqual([
    'directory:/etc/rancher',
    'directory:/etc/rancher/k3s',
    'directory:/etc/rancher/k3s/config.yaml.d',
    'directory:/etc/systemd/logind.conf.d',
    'file:/etc/systemd/logind.conf.d/zz-picluster.conf',
    'logind-delay',
    'download:/usr/local/bin/k3s',
    'symlink:/usr/local/bin/kubectl',
    'symlink:/usr/local/bin/crictl',
    'symlink:/usr/local/bin/ctr',
    'file:/etc/rancher/k3s/token',
    'file:/etc/rancher/k3s/kubelet.config',
    `file:${CONFIG}`,
    `file:${DATASTORE}`,
    'file:/etc/rancher/k3s/config.yaml.d/20-registration.yaml',
    'file:/etc/systemd/system/k3s.service',
    'started',
    'api-ready',
    'node-ready',
    'kubelet-inhibitor',
  ]);
});

it('restarts for binary, token, kubelet, configuration and unit, and for nothing else', () => {
  const steps = stepsOf(
    role,
    testCluster({ n1: { roles: ['k3s-server'], vars: { k3s: { registries: { mirrors: {} } } } } }),
    'n1',
  );
  expect(names(named(steps, 'started').restartOn ?? [])).toEqual([
    'download:/usr/local/bin/k3s',
    'file:/etc/rancher/k3s/token',
    'file:/etc/rancher/k3s/kubelet.config',
    `file:${CONFIG}`,
    'file:/etc/rancher/k3s/registries.yaml',
    'file:/etc/systemd/system/k3s.service',
  ]);
});

it.each([
  [undefined, undefined],
  ['v1.34.4+k3s1', undefined],
  ['v1.33.9+k3s2', { of: 'k3s', from: 'v1.33.9+k3s2', to: 'v1.34.4+k3s1' }],
])('with K3s %s in place, the binary is the upgrade %j', (version, upgrade) => {
  const facts = { k3s: { ...withData.k3s, version } };
  const steps = stepsOf(role, testCluster({ n1: { roles: ['k3s-server'] } }), 'n1', facts);
  expect(named(steps, 'download:/usr/local/bin/k3s').upgrade).toEqual(upgrade);
});

it.each([
  ['n1', []],
  ['n2', ['k3s-server/api-ready@n1']],
  ['n3', ['k3s-server/api-ready@n1']],
])('%s waits for the init server, and servers come one by one', (name, after) => {
  const steps = stepsOf(role, testCluster(k3sServers), name);
  expect(named(steps, 'started').after).toEqual(after);
  // each of these may restart or wait for an etcd member
  const oneByOne = ['started', 'api-ready', 'node-ready', 'kubelet-inhibitor'];
  expect(oneByOne.map((step) => named(steps, step).pool)).toEqual(oneByOne.map(() => 'etcd-membership'));
});

it('the datastore is decided while there is no data, and never again', () => {
  const cluster = testCluster(k3sServers);
  expect(textOf(stepsOf(role, cluster, 'n1'), DATASTORE)).toContain('cluster-init: true');
  expect(textOf(stepsOf(role, cluster, 'n2'), DATASTORE)).toContain('server: https://10.0.0.11:6443');
  expect(names(stepsOf(role, cluster, 'n1', withData))).not.toContain(`file:${DATASTORE}`);
});

it('reordered hosts change nothing on servers with data', () => {
  const { n1, n2, n3 } = k3sServers;
  const fixed = { address: '10.0.0.12' };
  const before = testCluster({ n1, n2: { ...n2, ...fixed }, n3 });
  const after = testCluster({ n3, n2: { ...n2, ...fixed }, n1: { ...n1, address: '10.0.0.11' } });
  const endpoint = { ...after, network: before.network };
  const contents = (cluster: typeof before): string[] =>
    stepsOf(role, cluster, 'n2', withData)
      .filter((step) => step.work.type === 'resource' && step.work.kind.name === 'file')
      .map((step) => contentDigest(specOf(step).content as string));
  expect(contents(endpoint)).toEqual(contents(before));
});

it('only the init server without data looks for another cluster', () => {
  const cluster = testCluster(k3sServers);
  const looks = (name: string, facts = {}): boolean => names(stepsOf(role, cluster, name, facts)).includes('no-other-cluster');
  expect([looks('n1'), looks('n1', withData), looks('n2')]).toEqual([true, false, false]);
  expect(names(stepsOf(role, testCluster({ n1: { roles: ['k3s-server'] } }), 'n1'))).not.toContain('no-other-cluster');
});

it('the token is a secret in a file that only root reads', () => {
  const { content, mode } = specOf(named(stepsOf(role, testCluster(k3sServers), 'n1'), 'file:/etc/rancher/k3s/token'));
  expect(secretsOf(content as string).map(({ label }) => label)).toEqual(['k3s.token']);
  expect(mode).toBe(0o600);
});

it('logind waits longer than kubelet', () => {
  const vars = { k3s: { kubelet: { shutdownGracePeriod: '1m', shutdownGracePeriodCriticalPods: '20s' } } };
  const steps = stepsOf(role, testCluster({ n1: { roles: ['k3s-server'], vars } }), 'n1');
  expect(textOf(steps, '/etc/rancher/k3s/kubelet.config')).toContain(
    'shutdownGracePeriod: 1m\nshutdownGracePeriodCriticalPods: 20s',
  );
  expect(textOf(steps, '/etc/systemd/logind.conf.d/zz-picluster.conf')).toContain('InhibitDelayMaxSec=70');
});

it('without a grace period logind is left alone', () => {
  const vars = { k3s: { kubelet: { shutdownGracePeriod: '0s', shutdownGracePeriodCriticalPods: '0s' } } };
  const steps = names(stepsOf(role, testCluster({ n1: { roles: ['k3s-server'], vars } }), 'n1'));
  expect(steps.filter((name) => /logind|inhibitor/.test(name))).toEqual([]);
});

it('images are there before the first start, and ask for no restart', () => {
  const vars = { k3s: { airgapImages: true, extraImages: [{ component: 'flux', name: 'images' }] } };
  const steps = stepsOf(role, testCluster({ n1: { roles: ['k3s-server'], vars } }), 'n1');
  const images = names(steps).filter((name) => name.includes('/agent/images/'));
  expect(images).toEqual([
    'download:/var/lib/rancher/k3s/agent/images/k3s-airgapImages-amd64.tar',
    'download:/var/lib/rancher/k3s/agent/images/flux-images-amd64.tar',
  ]);
  expect(names(steps).indexOf('started')).toBeGreaterThan(names(steps).indexOf(images[1] ?? ''));
  expect(names(named(steps, 'started').restartOn ?? []).filter((name) => images.includes(name))).toEqual([]);
});

it('the unit starts the server and leaves pods alone when it stops', () => {
  const unit = textOf(stepsOf(role, testCluster(k3sServers), 'n1'), '/etc/systemd/system/k3s.service');
  for (const line of [
    'Type=notify',
    'ExecStart=/usr/local/bin/k3s server',
    'KillMode=process',
    'Delegate=yes',
    'WantedBy=multi-user.target',
  ])
    expect(unit.split('\n')).toContain(line);
});

it('labels and taints are looked at where they are wanted, or may have been', () => {
  const vars = { k3s: { nodeLabels: { a: '1' }, nodeTaints: ['b:NoSchedule'] } };
  const wanted = testCluster({ n1: { roles: ['k3s-server'], vars } });
  const steps = (cluster: typeof wanted, facts = {}): string[] =>
    names(stepsOf(role, cluster, 'n1', facts)).filter((name) => name.startsWith('node-') && name !== 'node-ready');
  expect(steps(wanted)).toEqual(['node-labels', 'node-taints']);
  expect(steps(testCluster({ n1: { roles: ['k3s-server'] } }))).toEqual([]);
  expect(steps(testCluster({ n1: { roles: ['k3s-server'] } }), withData)).toEqual(['node-labels', 'node-taints']);
});

describe('on OpenRC', () => {
  const alpine = { init: 'openrc', packageManager: 'apk' } as const;
  const cluster = (k3s: object = {}) => testCluster({ n1: { roles: ['k3s-server'], vars: { k3s } } });
  const steps = stepsOf(role, cluster(), 'n1', alpine);

  it('is run by supervise-daemon, its log is turned over, and logind is left out', () => {
    expect(textOf(steps, '/etc/init.d/k3s')).toMatch(/^#!\/sbin\/openrc-run\n/);
    expect(textOf(steps, '/etc/init.d/k3s')).toContain('command_args=server\noutput_log=/var/log/k3s.log\n');
    expect(textOf(steps, '/etc/logrotate.d/k3s')).toContain('/var/log/k3s.log {');
    expect(specOf(named(steps, 'file:/etc/init.d/k3s'))).toMatchObject({ mode: 0o755 });
    expect(named(steps, 'started').restartOn).toContain(named(steps, 'file:/etc/init.d/k3s'));
    expect(names(steps).filter((name) => /logind|inhibitor|systemd/.test(name))).toEqual([]);
  });

  it.each([['dash'], ['busybox']])('%s can read its script', (shell) => {
    const script = textOf(steps, '/etc/init.d/k3s');
    const { stderr } = spawnSync(shell, [...(shell === 'busybox' ? ['sh'] : []), '-n'], { input: script, encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it('says that a shutdown is not kubelet’s, and does without when none is wanted', () => {
    expect(named(steps, 'file:/etc/init.d/k3s').note).toContain('no logind here');
    expect(textOf(steps, '/etc/init.d/k3s')).toContain('left=30');
    const without = stepsOf(
      role,
      cluster({ kubelet: { shutdownGracePeriod: '0s', shutdownGracePeriodCriticalPods: '0s' } }),
      'n1',
      alpine,
    );
    expect(textOf(without, '/etc/init.d/k3s')).not.toContain('stop_post');
    expect(named(without, 'file:/etc/init.d/k3s').note).toBeUndefined();
  });
});

it('variables that are secrets stay secrets, in files that only root reads', () => {
  const password = new Secret('pa"ss', 'registry.password');
  const k3s = {
    registries: { configs: { 'r.example.com': { auth: { username: 'pull', password } } } },
    extraConfig: { 'vpn-auth': password },
    kubelet: { config: { providerId: password } },
  };
  const steps = stepsOf(role, testCluster({ n1: { roles: ['k3s-server'], vars: { k3s } } }), 'n1');
  for (const path of ['/etc/rancher/k3s/registries.yaml', CONFIG, '/etc/rancher/k3s/kubelet.config']) {
    const { content, mode } = specOf(named(steps, `file:${path}`)) as { content: Content; mode: number };
    expect([path, mode, secretsOf(content).length]).toEqual([path, 0o600, 1]);
    expect(maskContent(content)).not.toContain('ss"');
    expect(revealContent(content)).toContain(': "pa\\"ss"\n');
  }
});
