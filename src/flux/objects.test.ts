import { describe, expect, test } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { syncObjects } from './objects.ts';
import { clusterWith } from './testing/cluster.ts';

const objectsOf = (...[gitops, secrets]: Parameters<typeof clusterWith>) => {
  const cluster = clusterWith(gitops, secrets);
  return syncObjects(cluster, cluster.gitops);
};
const plain = (data: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );

test('a public repository', () => {
  expect(objectsOf({ settings: { domain: 'example.com' } })).toEqual([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cluster-settings', namespace: 'flux-system' },
      data: { domain: 'example.com' },
    },
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: 'flux-system', namespace: 'flux-system' },
      spec: { interval: '1m', url: 'https://git.example.com/cluster.git', ref: { branch: 'main' } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'cluster', namespace: 'flux-system' },
      spec: {
        interval: '1m',
        path: './clusters/test',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
        postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'cluster-settings' }] },
      },
    },
  ]);
});

describe('credentials', () => {
  test.each<[string, 'token' | 'ssh', Record<string, string>, Record<string, string>]>([
    ['a token', 'token', { 'git.token': 't' }, { username: 'git', password: 't' }],
    ['a token with its user', 'token', { 'git.token': 't', 'git.username': 'u' }, { username: 'u', password: 't' }],
    [
      'a key',
      'ssh',
      { 'git.identity': 'KEY', 'git.knownHosts': 'h ssh-ed25519 A\n' },
      { identity: 'KEY\n', known_hosts: 'h ssh-ed25519 A\n' },
    ],
    [
      'a key with its public half',
      'ssh',
      { 'git.identity': 'KEY\n', 'git.identityPub': 'PUB', 'git.knownHosts': 'h' },
      { identity: 'KEY\n', 'identity.pub': 'PUB', known_hosts: 'h\n' },
    ],
  ])('%s', (_, auth, secrets, data) => {
    const [secret, , repository] = objectsOf({ auth }, secrets);
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { name: 'flux-system', namespace: 'flux-system' } });
    expect(plain(secret?.data)).toEqual(data);
    expect(repository?.spec).toMatchObject({ secretRef: { name: 'flux-system' } });
  });
});

test.each(['git@example.com:a/b.git', 'git://example.com/a', '/srv/git/a'])('Flux cannot read %s', (url) => {
  expect(() => objectsOf({ url })).toThrow(ConfigError);
});
