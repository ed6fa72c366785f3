import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { roleSchemas, roles } from '#roles/index.ts';
import { describeCluster, describeHost, viewCluster, viewHost } from './describe.ts';
import { jsonSchema, SCHEMA_NAMES } from './json-schema.ts';
import { loadCluster } from './load.ts';

const cluster = await loadCluster({
  directory: fileURLToPath(new URL('../../inventory', import.meta.url)),
  cwd: '/',
  env: {},
  schemas: roleSchemas(),
  roleNames: roles.map(({ name }) => name),
});

describe('the example inventory', () => {
  it('is the reference system: 12 hosts, no warning', () => {
    expect(cluster.warnings).toEqual([]);
    expect(cluster.hosts.map(({ name, roles }) => `${name}: ${roles.join(' ')}`)).toEqual([
      'gateway: os users time',
      'workstation: users time',
      'backup: users time',
      'node1: os users time',
      'node2: os users time k3s-server',
      'node3: os users time k3s-server',
      'node4: os users time k3s-server',
      'node5: os users time k3s-agent',
      'node6: os users time k3s-agent',
      'mini1: os users time k3s-agent',
      'mini2: os users time k3s-agent',
      'mini3: os users time k3s-agent',
    ]);
    expect(cluster.network.apiEndpoint).toEqual({ host: '10.0.0.11', port: 6443 });
    expect(cluster.version('k3s')).toBe('v1.30.2+k3s2');
  });

  it('merges release, groups and hosts', () => {
    expect(cluster.host('node2').vars.k3s).toMatchObject({
      flannelBackend: 'none',
      disableKubeProxy: true,
      nodeTaints: ['node-role.kubernetes.io/control-plane:NoSchedule'],
      kubelet: { shutdownGracePeriod: '30s', shutdownGracePeriodCriticalPods: '10s' },
    });
    expect(cluster.host('mini1').vars.k3s).toMatchObject({ nodeTaints: [], nodeLabels: { node_type: 'worker' } });
    expect(cluster.host('mini1').vars.os).toMatchObject({ timezone: 'Europe/Madrid', kubernetes: true });
    expect(cluster.host('gateway').vars).toMatchObject({
      os: { kubernetes: false },
      time: { servers: [], allow: ['10.0.0.0/24'] },
    });
    expect(cluster.host('backup').vars.time).toMatchObject({ servers: [], pools: ['pool.ntp.org'] });
    expect(cluster.host('backup').target).toMatchObject({ user: 'ubuntu', address: 'backup.example.com' });
  });

  it('shows where values come from', () => {
    const view = viewHost(cluster, cluster.host('node2'), ['k3s', 'time']);
    const origin = (path: string) => [...view.reach, ...view.vars].find((traced) => traced.path === path)?.origin;
    expect(origin('k3s.nodeTaints')).toBe('group_vars/server.yaml:4');
    expect(origin('k3s.flannelBackend')).toMatch(/^release v1\.9 \(versions\.yaml:\d+\)$/);
    expect(origin('k3s.secretsEncryption')).toBe('default');
    expect(origin('user')).toMatch(/^cluster\.yaml:\d+$/);
    expect(describeHost(view)).toMatch(/^node2\ngroups: all, kubernetes, picluster, raspberrypi, server\n/);
    expect(describeCluster(viewCluster(cluster))).toContain('\n  kubernetes\n    server  [k3s-server]\n      node2\n');
  });
});

describe('JSON Schema', () => {
  it.each(SCHEMA_NAMES)('of %s refuses unknown keys and is plain JSON', (name) => {
    const schema = jsonSchema(name, roleSchemas()) as Record<string, unknown>;
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema).toMatchObject({ $schema: expect.stringContaining('2020-12'), type: 'object' });
    if (name !== 'secrets') expect(schema.additionalProperties).toBe(false);
  });

  it('what has a default is not required', () => {
    expect(jsonSchema('cluster', roleSchemas())).toMatchObject({ required: ['name', 'release', 'roles'] });
  });
});
