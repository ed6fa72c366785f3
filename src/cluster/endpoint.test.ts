import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCluster } from './load.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-endpoint-'));
  await writeFile(join(directory, 'releases.yaml'), 'releases: { mine: { components: {} } }\n');
});
afterAll(() => rm(directory, { recursive: true }));

it.each([
  ['in this order', ['n2', 'n10', 'n9'], '', '10.0.0.2'],
  ['in another order', ['n10', 'n9', 'n2'], '', '10.0.0.2'],
  ['when it is given', ['n10', 'n9', 'n2'], 'network: { apiEndpoint: { host: api.example.com } }', 'api.example.com'],
])('the API is found at the same place: %s', async (_, names, network, expected) => {
  const hosts = names.map((name) => `  ${name}: { address: 10.0.0.${name.slice(1)} }\n`).join('');
  await writeFile(
    join(directory, 'cluster.yaml'),
    `name: home\nrelease: mine\nversions: releases.yaml\nroles: { all: [k3s-server] }\n${network}\n`,
  );
  await writeFile(join(directory, 'hosts.yaml'), `hosts:\n${hosts}`);
  const cluster = await loadCluster({ directory, cwd: '/', env: { USER: 'someone' }, schemas: {}, roleNames: ['k3s-server'] });
  expect(cluster.network.apiEndpoint).toEqual({ host: expected, port: 6443 });
});
