import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { type Lab, requireState, ssh } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { compareManifests } from './manifest.ts';

/** Output of a shell line on a node as root, by the machine's own ssh; a bad exit fails the test with what the node said. */
export async function onNode(lab: Lab, node: string, line: string, input?: string): Promise<string> {
  const result = await ssh(lab, node, line, { user: 'root', timeout: 60_000, ...(input === undefined ? {} : { input }) });
  expect(`${node}: ${result.exitCode} ${result.exitCode === 0 ? '' : result.stderr}`).toBe(`${node}: 0 `);
  return result.stdout.trim();
}

export const nodeNames = async (lab: Lab): Promise<string[]> => (await requireState(lab)).nodes.map(({ name }) => name);

/** What all machines are, by node. */
export async function manifests(lab: Lab): Promise<Record<string, string>> {
  const script = await readFile(new URL('manifest.sh', import.meta.url), 'utf8');
  const nodes = await nodeNames(lab);
  return Object.fromEntries(
    await Promise.all(nodes.map(async (node) => [node, `${await onNode(lab, node, 'sh -s', script)}\n`] as const)),
  );
}

const SAME = { appeared: [], vanished: [], changed: [] };

/** The machines come to be what they were in `expected`: what services do by themselves right after a run may take a moment. */
export async function expectManifests(lab: Lab, expected: Record<string, string>): Promise<void> {
  const differences = async () => {
    const now = await manifests(lab);
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
    await waitFor(`the lock of ${node}`, async () => (await ssh(lab, node, line, { user: 'root' })).exitCode === 0, {
      timeout: 180_000,
      interval: 500,
      host: node,
      explain: () => onNode(lab, node, 'cat /run/picluster.lock'),
    });
  }
}
