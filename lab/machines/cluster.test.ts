import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { writeClusterDirectory } from './cluster.ts';
import { Lab } from './identity.ts';
import type { LabState } from './state.ts';

const node = (name: string, last: number, user: 'admin' | 'root') => ({
  name,
  user,
  address: `10.70.1.${last}`,
  hostKey: `SHA256:${name}`,
  publicHostKey: 'ssh-ed25519 AAAA',
  base: '/cache/base',
});

test('the cluster directory names all nodes, and keeps its secrets', async () => {
  const lab = new Lab({ name: 'test' });
  const state: LabState = {
    id: lab.id,
    name: lab.name,
    checkout: lab.checkout,
    subnet: '10.70.1',
    gateway: '10.70.1.1',
    ports: { mirror: 8080, git: 8081 },
    nodes: [node('n1', 11, 'admin'), node('n2', 12, 'root'), node('n3', 13, 'admin')],
  };
  const directory = await mkdtemp(join(tmpdir(), 'lab-cluster-'));
  try {
    await writeClusterDirectory(lab, state, { directory });
    const hosts = parse(await readFile(join(directory, 'hosts.yaml'), 'utf8'));
    expect(hosts.hosts.n2).toMatchObject({ address: '10.70.1.12', hostKey: 'SHA256:n2', become: 'none' });
    expect(hosts.groups).toEqual({ server: { hosts: ['n1'] }, agent: { hosts: ['n2', 'n3'] } });
    expect(await readFile(join(directory, 'cluster.yaml'), 'utf8')).toContain('http://10.70.1.1:8081/cluster.git');

    const secrets = join(directory, 'secrets.yaml');
    expect((await stat(secrets)).mode & 0o777).toBe(0o600);
    const before = await readFile(secrets, 'utf8');
    await writeClusterDirectory(lab, state, { directory, servers: 3 });
    expect(await readFile(secrets, 'utf8')).toBe(before);
    expect(parse(await readFile(join(directory, 'hosts.yaml'), 'utf8')).groups.agent.hosts).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
