import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { down, Lab, requireState, up, writeClusterDirectory } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { Cli } from '../support/cli.ts';
import { onNode } from '../support/nodes.ts';
import { asThePlaybooksBuild, project } from './playbooks.ts';

/** A machine that the playbooks built is taken over: only real differences, nothing reinstalled, the same cluster afterwards. */
const lab = new Lab({ name: 'adopt' });
const TOKEN = 'f00dfeed'.repeat(8);
let temporary: string;
let cli: Cli;
let before: string;

/** What must not change: the cluster, its authority, its node, the binary, the pods' containers. */
const IDENTITY = `set -eu
k3s kubectl get namespace kube-system -o 'jsonpath={.metadata.uid} '
k3s kubectl get node n1 -o 'jsonpath={.metadata.uid} '
sha256sum < /var/lib/rancher/k3s/server/tls/server-ca.crt
stat -c '%i %y' /usr/local/bin/k3s
`;
const pidOfK3s = (): Promise<string> => onNode(lab, 'n1', 'systemctl show -P MainPID k3s');

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'picluster-adopt-'));
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1'] });
  const state = await requireState(lab);
  const labCluster = await writeClusterDirectory(lab, state);
  const mirror = `http://${state.gateway}:${state.ports.mirror}`;
  await onNode(lab, 'n1', asThePlaybooksBuild({ mirror, token: TOKEN }));
  await waitFor(
    'the node of the playbooks',
    async () => (await onNode(lab, 'n1', 'k3s kubectl get node n1 -o name || true')) !== '',
    {
      timeout: 120_000,
      interval: 1_000,
      explain: () => onNode(lab, 'n1', 'journalctl -u k3s -n 20 --no-pager'),
    },
  );
  before = await onNode(lab, 'n1', IDENTITY);

  const [node] = state.nodes;
  const files = project({ address: node?.address ?? '', user: 'admin', key: lab.local('key'), token: TOKEN });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(temporary, 'ansible', path)), { recursive: true });
    await writeFile(join(temporary, 'ansible', path), text);
  }
  const cluster = join(temporary, 'cluster');
  const args = ['import', 'ansible', temporary, '--to', cluster, '--release', 'v1.9', '--name', 'lab'];
  const { exitCode, stdout } = await execa(process.execPath, ['bin/picluster.js', ...args], { reject: false });
  expect(exitCode, stdout).toBe(0);
  // What only the lab has: its release, its mirror; and the playbooks founded this one with etcd.
  await copyFile(join(labCluster, 'versions.yaml'), join(cluster, 'versions.yaml'));
  const settings = parse(await readFile(join(cluster, 'cluster.yaml'), 'utf8'));
  const own = { release: 'lab', versions: 'versions.yaml', artifacts: { mirror }, k3s: { datastore: 'etcd' } };
  await writeFile(join(cluster, 'cluster.yaml'), stringify({ ...settings, ...own }));
  const servers = join(cluster, 'group_vars', 'k3s_master.yaml');
  const { k3s } = parse(await readFile(servers, 'utf8'));
  await writeFile(servers, stringify({ k3s: { ...k3s, datastore: undefined } }));
  cli = new Cli(cluster);
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(temporary, { recursive: true, force: true });
});

const planned = async () => {
  const { events, exitCode, all } = await cli.events('plan');
  expect(exitCode, all).toBe(0);
  return events.flatMap((event) => (event.type === 'step.planned' ? [event] : []));
};

test('the plan has only real differences: no new K3s, nothing destroyed, no other cluster', async () => {
  const changes = await planned();
  const steps = changes.map(({ step }) => step);
  expect(steps.filter((step) => /download|datastore|directory:\/var\/lib/.test(step))).toEqual([]);
  expect(changes.filter(({ change }) => change.destructive !== undefined)).toEqual([]);
  expect(steps).toContain('k3s-server/file:/etc/rancher/k3s/config.yaml@n1');
});

test('apply reinstalls nothing: the same cluster, the same binary, one restart of K3s; then nothing is left to do', async () => {
  const pid = await pidOfK3s();
  const { exitCode, all } = await cli.run('apply', ['--yes']);
  expect(exitCode, all).toBe(0);
  expect(await onNode(lab, 'n1', IDENTITY)).toBe(before);
  expect(await pidOfK3s()).not.toBe(pid);
  const settled = await pidOfK3s();
  expect(await planned()).toEqual([]);
  expect(await pidOfK3s()).toBe(settled);
});
