import { expect, it } from 'vitest';
import { secretsOf } from '#src/template/content.ts';
import { named, names, specOf, stepsOf, testCluster, textOf } from '../testing.ts';
import role from './role.ts';

const hosts = (vars = {}) => ({
  n1: { roles: ['k3s-server'], vars },
  n2: { roles: ['k3s-agent'] },
  n3: { roles: ['k3s-agent'] },
});

it('agents start together once the API answers', () => {
  for (const name of ['n2', 'n3']) {
    const started = named(stepsOf(role, testCluster(hosts()), name), 'started');
    expect(started.after).toEqual(['k3s-server/api-ready@n1']);
    expect(started.pool).toBeUndefined();
    expect(names(started.restartOn ?? [])).toEqual([
      'download:/usr/local/bin/k3s',
      'file:/etc/rancher/k3s/token',
      'file:/etc/rancher/k3s/kubelet.config',
      'file:/etc/rancher/k3s/config.yaml',
      'file:/etc/systemd/system/k3s-agent.service',
    ]);
  }
});

it("whether Ready is waited for is the server's decision", () => {
  const title = (vars: object): string => {
    const { work } = named(stepsOf(role, testCluster(hosts(vars)), 'n2'), 'node-ready');
    return work.type === 'action' ? work.title : '';
  };
  expect(title({})).toBe('wait until n2 is Ready');
  expect(title({ k3s: { flannelBackend: 'none' } })).toBe('wait until n2 is registered');
});

it.each([
  [[], 'k3s.token'],
  [['k3s.agentToken'], 'k3s.agentToken'],
])("joins with the agents' token when there is one (%j)", (secrets, label) => {
  const { content } = specOf(named(stepsOf(role, testCluster(hosts(), { secrets }), 'n2'), 'file:/etc/rancher/k3s/token'));
  expect(secretsOf(content as string).map((secret) => secret.label)).toEqual([label]);
});

it('takes the binary of its own architecture', () => {
  const binary = specOf(named(stepsOf(role, testCluster(hosts()), 'n2', { arch: 'arm64' }), 'download:/usr/local/bin/k3s'));
  expect(binary.source).toMatchObject({ name: 'k3s-binary-arm64.tar' });
});

it('in a mixed inventory each host takes its own binary and images, by facts', () => {
  const vars = { k3s: { airgapImages: true, extraImages: [{ component: 'flux', name: 'images' }] } };
  const cluster = testCluster({
    n1: { roles: ['k3s-server'] },
    n2: { roles: ['k3s-agent'], vars },
    n3: { roles: ['k3s-agent'], vars },
  });
  const artifacts = (host: string, arch: 'amd64' | 'arm64'): string[] =>
    stepsOf(role, cluster, host, { arch }).flatMap((step) => (specOf(step)?.source as { name?: string } | undefined)?.name ?? []);
  const names = (arch: string): string[] =>
    ['k3s-binary', 'k3s-airgapImages', 'flux-images'].map((name) => `${name}-${arch}.tar`);
  expect(artifacts('n2', 'arm64').sort()).toEqual(names('arm64').sort());
  expect(artifacts('n3', 'amd64').sort()).toEqual(names('amd64').sort());
});

it('the unit starts the agent', () => {
  expect(textOf(stepsOf(role, testCluster(hosts()), 'n2'), '/etc/systemd/system/k3s-agent.service')).toContain(
    'ExecStart=/usr/local/bin/k3s agent\n',
  );
});
