import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Lab, requireState, ssh } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { compareManifests } from './manifest.ts';

/** A shell script on a node as root, by the machine's own ssh: root itself may not log in once picluster was there. */
const asRoot = (lab: Lab, node: string, script: string) =>
  ssh(lab, node, 'sudo -n sh -s', { user: 'admin', timeout: 60_000, input: script });

/** Output of a shell script on a node as root; a bad exit fails the test with what the node said. */
export async function onNode(lab: Lab, node: string, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await asRoot(lab, node, script);
  expect(`${node}: ${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe(`${node}: 0 `);
  return stdout.trim();
}

export const nodeNames = async (lab: Lab): Promise<string[]> => (await requireState(lab)).nodes.map(({ name }) => name);

// read once: the runs of one test are judged by the same script
const SCRIPT = readFileSync(new URL('manifest.sh', import.meta.url), 'utf8');

/** What all machines are, by node; and under `api` what the cluster is, asked at the given server. */
export async function manifests(lab: Lab, server: string): Promise<Record<string, string>> {
  const nodes = await nodeNames(lab);
  const machines = nodes.map(async (node) => [node, `${await onNode(lab, node, SCRIPT)}\n`] as const);
  return Object.fromEntries([...(await Promise.all(machines)), ['api', await apiManifest(lab, server)]]);
}

interface ApiObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: unknown;
}

const API_KINDS = 'nodes,namespaces,crds,serviceaccounts,configmaps,services,deployments.apps,gitrepositories,kustomizations';
/** Their specifications hold nothing that the cluster gave out by chance, as a service's address is. */
const WITH_SPEC = ['Deployment', 'GitRepository', 'Kustomization'];

/** Objects of the API by name, and what of them is the same in every cluster of this inventory. */
async function apiManifest(lab: Lab, server: string): Promise<string> {
  const { items } = JSON.parse(await onNode(lab, server, `k3s kubectl get ${API_KINDS} -A -o json`)) as { items: ApiObject[] };
  const lines = items.map(({ kind, metadata, spec }) => {
    const digest = createHash('sha256').update(JSON.stringify([metadata.labels, WITH_SPEC.includes(kind) ? spec : undefined]));
    return `api ${kind}/${metadata.namespace ?? ''}/${metadata.name} ${digest.digest('hex').slice(0, 16)}`;
  });
  return `${lines.sort().join('\n')}\n`;
}

const SAME = { appeared: [], vanished: [], changed: [] };

/** The machines come to be what they were in `expected`: what services do by themselves right after a run may take a moment. */
export async function expectManifests(lab: Lab, server: string, expected: Record<string, string>): Promise<void> {
  const differences = async () => {
    const now = await manifests(lab, server);
    return Object.fromEntries(Object.keys(expected).map((node) => [node, compareManifests(expected[node]!, now[node] ?? '')]));
  };
  const same = Object.fromEntries(Object.keys(expected).map((node) => [node, SAME]));
  const isSame = async () => JSON.stringify(await differences()) === JSON.stringify(same);
  await waitFor('the manifest of the uninterrupted run', isSame, { timeout: 30_000, interval: 2_000 }).catch(() => undefined);
  expect(await differences()).toEqual(same);
}

/** A killed run's last request ends on the node by itself; until then the node is locked. */
export async function waitUntilUnlocked(lab: Lab): Promise<void> {
  for (const node of await nodeNames(lab)) {
    const line = 'test ! -e /run/picluster.lock || flock -n /run/picluster.lock true';
    await waitFor(`the lock of ${node}`, async () => (await asRoot(lab, node, line)).exitCode === 0, {
      timeout: 180_000,
      interval: 500,
      host: node,
      explain: () => onNode(lab, node, 'cat /run/picluster.lock'),
    });
  }
}
