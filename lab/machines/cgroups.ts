import type { Dirent } from 'node:fs';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from './identity.ts';
import { kill, namespacePids } from './process.ts';
import { waitFor } from './wait.ts';

const ROOT = '/sys/fs/cgroup';

/** The cgroups of a lab's nodes in every hierarchy, wherever the shell was that started them; `node` narrows it to one. */
export async function findCgroups(lab: Lab, node?: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    for (const entry of await children(directory)) {
      const path = join(directory, entry);
      if (node === undefined ? entry.startsWith(`${lab.mark}-`) : entry === lab.cgroup(node)) found.push(path);
      // other labs' nodes hold hundreds of cgroups and none of ours
      else if (!entry.startsWith('picluster-lab-')) await visit(path);
    }
  };
  await visit(ROOT);
  return found;
}

async function children(directory: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Ids of all processes in the given cgroups and below. */
export async function processesIn(cgroups: readonly string[]): Promise<Set<number>> {
  const pids = new Set<number>();
  const visit = async (directory: string): Promise<void> => {
    const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line !== '') pids.add(Number(line));
    for (const entry of await children(directory)) await visit(join(directory, entry));
  };
  for (const cgroup of cgroups) await visit(cgroup);
  return pids;
}

/** The node's own PID 1 as seen from here: one namespace deeper than we are, and 1 in it. Pods' first processes are deeper still. */
export async function findLeader(lab: Lab, node: string): Promise<number | undefined> {
  const depth = (await namespacePids(process.pid)).length;
  for (const pid of await processesIn(await findCgroups(lab, node))) {
    const pids = await namespacePids(pid);
    if (pids.length === depth + 1 && pids.at(-1) === 1) return pid;
  }
  return undefined;
}

/** Kills everything in the node's cgroups (in all of the lab's without `node`) and removes them. */
export async function clearCgroups(lab: Lab, node?: string): Promise<void> {
  await waitFor(
    'the end of all processes of the lab',
    async () => {
      const pids = await processesIn(await findCgroups(lab, node));
      for (const pid of pids) kill(pid, 'SIGKILL');
      return pids.size === 0;
    },
    { timeout: 20_000, interval: 50 },
  );
  await waitFor(
    'the removal of the cgroups of the lab',
    async () => {
      for (const cgroup of await findCgroups(lab, node)) await removeTree(cgroup);
      return (await findCgroups(lab, node)).length === 0;
    },
    { timeout: 10_000, interval: 50 },
  );
}

async function removeTree(directory: string): Promise<void> {
  for (const entry of await children(directory)) await removeTree(join(directory, entry));
  await rmdir(directory).catch(() => undefined);
}
