import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { roles } from '#roles/index.ts';
import { releaseVariables } from '#src/cluster/release-variables.ts';
import { parseYaml } from '#src/yaml/source.ts';
import { catalogueOf, dependantsOf, faultsOf, pathsOf } from './catalogue.ts';
import { type ClusterNeeds, neededBy } from './needed.ts';
import { CatalogueFile } from './schema.ts';

const FILE = new URL('../../../credentials.yaml', import.meta.url);
const own = catalogueOf([CatalogueFile.parse(parseYaml('credentials.yaml', readFileSync(FILE, 'utf8')).data)]);
const releases = [...(await releaseVariables()).keys()];

const needs = (cluster: Partial<ClusterNeeds>): string[] =>
  neededBy(own, {
    name: 'home',
    domain: 'home.arpa',
    release: 'v1.9',
    releases,
    roles: new Set(),
    gitAuth: undefined,
    services: [],
    ...cluster,
  });

it("picluster's own catalogue holds together, and names roles and releases that there are", () => {
  expect(faultsOf(own)).toEqual([]);
  for (const { for: wanted } of own.credentials.values()) {
    if (wanted.role !== undefined) expect(roles.map(({ name }) => name)).toContain(wanted.role);
    if (wanted.since !== undefined) expect(releases).toContain(wanted.since);
  }
});

it('no two credentials have one key of Vault, and what stands beside them is no other one', () => {
  const keys = [...own.credentials.values()].flatMap(({ kv }) =>
    kv ? [kv.key, ...Object.keys(kv.constants)].map((key) => `${kv.path} ${key}`) : [],
  );
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

it.each([
  ['a cluster of no roles', {}, []],
  ['servers', { roles: new Set(['k3s-server']) }, ['k3s.token']],
  ['servers and agents', { roles: new Set(['k3s-server', 'k3s-agent']) }, ['k3s.token', 'k3s.agentToken']],
  ['git by a token', { gitAuth: 'token' }, ['git.token']],
  ['git by SSH', { gitAuth: 'ssh' }, ['git.identity', 'git.knownHosts']],
  ['a service', { services: ['ingress'] }, ['ingress.admin', 'ingress.htpasswd']],
  [
    'a service that the release has more of',
    { services: ['logging'] },
    ['logging.admin', 'logging.fluentd', 'logging.prometheus', 'logging.sharedKey'],
  ],
  ['the same of an old release', { services: ['logging'], release: 'v1.6' }, ['logging.admin', 'logging.sharedKey']],
  ['a release of the operator counts as new', { services: ['kiali'], release: 'mine' }, ['kiali.client']],
] as const)('%s', (_name, cluster, expected) => {
  expect(needs(cluster)).toEqual(expected);
});

it('the whole of v1.9 has all that the platform was found to use', () => {
  const all = needs({ services: 'all', roles: new Set(['k3s-server', 'k3s-agent']), gitAuth: 'token' });
  expect(all).toHaveLength(own.credentials.size - 2);
  expect(needs({ services: 'all', release: 'v1.6' }).filter((name) => name.startsWith('keycloak'))).toEqual([]);
});

const users = ['somebody'];
it.each([
  [
    'a source that is none',
    { hash: { kind: 'htpasswd', of: 'none', user: 'a', users } },
    'is made of "none", which is no password',
  ],
  [
    'a leaf of a password',
    { p: { kind: 'password', users }, l: { kind: 'tls-leaf', ca: 'p', dns: ['a'], days: 1, users } },
    'which is no tls-ca here',
  ],
  [
    'a path below a value',
    { a: { kind: 'password', users }, 'a.b': { kind: 'password', users } },
    'stands at a.b, where a has a',
  ],
  [
    'one path twice',
    { a: { kind: 'ssh-key', public: 'b', users }, b: { kind: 'password', users } },
    'stands at b, where a has b',
  ],
  ['an unknown service', { a: { kind: 'password', for: { service: 'x' }, users } }, 'there is no service "x"'],
  ['an unknown companion', { a: { kind: 'password', onlyWith: 'x', users } }, 'goes with "x", which is not here'],
])('told: %s', (_name, credentials, message) => {
  expect(faultsOf(catalogueOf([CatalogueFile.parse({ credentials })]))[0]?.message).toContain(message);
});

it('a later file replaces an entry and adds others; sources come first whatever their order', () => {
  const more = CatalogueFile.parse({
    services: { wiki: 'pages' },
    credentials: {
      'wiki.htpasswd': { kind: 'htpasswd', of: 'wiki.admin', user: 'a', users },
      'wiki.admin': { kind: 'password', length: 20, users },
    },
  });
  const catalogue = catalogueOf([
    more,
    CatalogueFile.parse({ credentials: { 'wiki.admin': { kind: 'hex', bytes: 16, users } } }),
  ]);
  expect([...catalogue.credentials].map(([name, { kind }]) => `${name} ${kind}`)).toEqual([
    'wiki.admin hex',
    'wiki.htpasswd htpasswd',
  ]);
  expect(dependantsOf(catalogue, 'wiki.admin')).toEqual(['wiki.htpasswd']);
});

it('a pair stands at two paths, the secret one first', () => {
  expect(pathsOf('ca', own.credentials.get('ca')!)).toEqual(['ca.key', 'ca.certificate']);
  expect(pathsOf('git.identity', own.credentials.get('git.identity')!)).toEqual(['git.identity', 'git.identityPub']);
});
