import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { down, Lab, type LabState, powerCut, powerOn, requireState, up, writeClusterDirectory } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { onNode } from './support/nodes.ts';
import { type Ended, Picluster } from './support/picluster.ts';

/** Three servers: they join one after another, and stay a cluster whatever order they are written in and whichever of them is off. */
const NODES = ['n1', 'n2', 'n3'];
const lab = new Lab({ name: 'ha' });
let temporary: string;
let state: LabState;
let first: Ended;

const bootstrap = async (kubeconfig = 'kubeconfig'): Promise<Ended> => {
  const file = join(temporary, kubeconfig);
  const args = ['bootstrap', '-C', lab.local('cluster'), '--yes', '--output', 'json', '--kubeconfig', file];
  return await new Picluster(args, { stateHome: join(temporary, 'state'), timeoutMs: 500_000 }).ended;
};

const changesOf = ({ exitCode, stderr, events }: Ended) => ({
  exitCode,
  stderr,
  changed: events.flatMap((event) => (event.type === 'step.planned' ? [event.step] : [])),
});
const NO_CHANGES = { exitCode: 0, stderr: '', changed: [] };

const addressOf = (name: string): string => state.nodes.find((node) => node.name === name)?.address ?? '';

/** The upstream kubectl on this machine, with the kubeconfig that bootstrap wrote, through the given server. */
async function kubectl(server: string, ...args: string[]): Promise<string> {
  const k3s = join(state.mirror ?? '', 'github.com/k3s-io/k3s/releases/download/v1.34.4+k3s1/k3s');
  const through = ['--kubeconfig', join(temporary, 'kubeconfig'), '--server', `https://${addressOf(server)}:6443`];
  const { stdout } = await execa(k3s, ['kubectl', ...through, '--request-timeout', '5s', ...args], { timeout: 20_000 });
  return stdout;
}

interface Node {
  metadata: { name: string; uid: string };
  status: { conditions: { type: string; status: string }[] };
}

/** Names of nodes of which a condition is true, as the given server answers. */
async function nodesThatAre(condition: string, server = 'n1'): Promise<string[]> {
  const { items } = JSON.parse(await kubectl(server, 'get', 'nodes', '-o', 'json')) as { items: Node[] };
  const fits = items.filter(({ status }) =>
    status.conditions.some(({ type, status }) => type === condition && status === 'True'),
  );
  return fits.map(({ metadata }) => metadata.name).sort();
}

const clusterUid = (server: string) => kubectl(server, 'get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'picluster-ha-'));
  await down(lab, { purge: true });
  await up(lab, { nodes: NODES });
  state = await requireState(lab);
  await writeClusterDirectory(lab, state, { servers: 3 });
  first = await bootstrap();
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(temporary, { recursive: true, force: true });
});

test('three servers are Ready, voters of one etcd, and joined one after another', async () => {
  expect({ exitCode: first.exitCode, stderr: first.stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(await nodesThatAre('Ready')).toEqual(NODES);
  const voters = async () => (await nodesThatAre('EtcdIsVoter')).length === 3;
  await waitFor('three voters', voters, { timeout: 60_000, interval: 1_000, explain: () => kubectl('n1', 'describe', 'nodes') });

  const started = first.events.flatMap((event) =>
    (event.type === 'step.start' || event.type === 'step.end') && event.step.startsWith('k3s-server/started@')
      ? [`${event.type} ${event.step}`]
      : [],
  );
  const order = started.filter((mark) => mark.startsWith('step.start')).map((mark) => mark.slice(-2));
  expect(order.toSorted()).toEqual(NODES);
  expect(order[0]).toBe('n1');
  expect(started).toEqual(order.flatMap((node) => ['start', 'end'].map((edge) => `step.${edge} k3s-server/started@${node}`)));
});

test('a second run changes nothing', async () => {
  expect(changesOf(await bootstrap())).toEqual(NO_CHANGES);
});

test('in another order in hosts.yaml they are the same cluster: no change, no second cluster', async () => {
  const before = await clusterUid('n1');
  const file = join(lab.local('cluster'), 'hosts.yaml');
  const text = await readFile(file, 'utf8');
  const { hosts, groups } = parse(text);
  groups.server.hosts.reverse();
  await writeFile(file, stringify({ hosts: Object.fromEntries(Object.entries(hosts).reverse()), groups }));
  expect(changesOf(await bootstrap())).toEqual(NO_CHANGES);
  await writeFile(file, text);
  for (const node of NODES) expect(await clusterUid(node)).toBe(before);
});

test('without the server that founded it the API answers through another; back on, the cluster heals', async () => {
  await powerCut(lab, 'n1');
  const name = `written-without-${Date.now()}`;
  await waitFor('the API through n2', () => kubectl('n2', 'create', 'configmap', name).catch(() => false as const), {
    timeout: 90_000,
    interval: 1_000,
    host: 'n2',
    explain: () => onNode(lab, 'n2', 'journalctl -u k3s -n 20 --no-pager'),
  });
  await powerOn(lab, 'n1');
  // The API of a server answers, and its Node still says Ready from before the cut, while its unit is on its way up.
  const healed = async () =>
    (await onNode(lab, 'n1', 'systemctl is-active k3s')).trim() === 'active' &&
    (await kubectl('n1', 'get', 'configmap', name, '-o', 'name')).includes(name) &&
    (await nodesThatAre('Ready')).length === 3 &&
    (await nodesThatAre('EtcdIsVoter')).length === 3;
  await waitFor('three voters that are Ready', () => healed().catch(() => false), {
    timeout: 120_000,
    interval: 1_000,
    host: 'n1',
    explain: () => onNode(lab, 'n1', 'journalctl -u k3s -n 20 --no-pager'),
  });
  // What ran on the server that was off goes down once more when its kubelet looks: waited for, but nothing on a machine is ever changed.
  const isQuiet = async (): Promise<boolean> => {
    const { exitCode, changed } = changesOf(await bootstrap());
    const onMachines = changed.filter((step) => !step.endsWith('@control'));
    expect({ exitCode, onMachines }).toEqual({ exitCode: 0, onMachines: [] });
    return changed.length === 0;
  };
  await waitFor('a run without changes', isQuiet, {
    timeout: 120_000,
    interval: 1_000,
    host: 'n1',
    explain: () => kubectl('n1', 'get', 'pods', '-A', '-o', 'wide'),
  });
});
