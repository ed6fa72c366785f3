import { glob, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearCgroups, findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { withLabLock } from './lock.ts';
import { removeNetwork } from './network.ts';
import { powerOff } from './power.ts';
import { findProcesses, kill } from './process.ts';
import { stopService } from './service.ts';
import { readState } from './state.ts';
import { waitFor } from './wait.ts';

const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 200 };

export interface DownOptions {
  /** Shut the nodes down properly and keep their disks for the next `up`. */
  keep?: boolean | undefined;
  /** Remove keys, secrets and the cluster directory in the checkout too. */
  purge?: boolean | undefined;
  signal?: AbortSignal | undefined;
  say?(line: string): void;
}

/** Leaves no process, mount, interface, iptables rule or cgroup of the lab behind, whatever state it was in. */
export async function down(lab: Lab, options: DownOptions = {}): Promise<void> {
  const say = options.say ?? (() => undefined);
  const state = await readState(lab);
  await withLabLock(
    lab,
    async () => {
      if (options.keep) await Promise.all((state?.nodes ?? []).map(({ name }) => shutDown(lab, name, say, options.signal)));
      await killRunners(lab);
      await clearCgroups(lab);
      await stopService(lab);
      await removeNetwork(lab);
      say(`lab ${lab.id}: no process, mount, interface, iptables rule or cgroup is left`);
      if (options.keep) return;
      await rm(lab.local('cluster', 'known_hosts'), { force: true });
      await discard(lab);
    },
    { signal: options.signal, say },
  );
  if (options.purge) await rm(lab.localDir, { recursive: true, force: true });
}

/** A node that does not manage to shut down in time must not hold up the others. */
async function shutDown(lab: Lab, name: string, say: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  if ((await findLeader(lab, name)) === undefined) return;
  await powerOff(lab, name, { signal }).then(
    () => say(`${name} is off`),
    (error: Error) => say(`${error.message}; its power is cut`),
  );
}

/** Runners of all nodes, also those started by an `up` that was killed before it wrote them down. */
async function killRunners(lab: Lab): Promise<void> {
  await waitFor(
    'the end of the runners',
    async () => {
      const runners = await findRunners(lab);
      for (const pid of runners) kill(pid, 'SIGKILL');
      return runners.length === 0;
    },
    { timeout: 10_000, interval: 20 },
  );
}

async function findRunners(lab: Lab): Promise<number[]> {
  return await findProcesses(`--network-bridge=${lab.bridge}`);
}

/** Renamed first: a half-removed lab is never taken for one. */
async function discard(lab: Lab): Promise<void> {
  const trash = join(lab.stateRoot, `.trash-${lab.id}`);
  await rm(trash, REMOVE);
  await rename(lab.stateDir, trash).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(trash, REMOVE);
  // systemd-nspawn leaves an empty directory per machine when it is killed
  for await (const path of glob(`/run/systemd/nspawn/*/${lab.machine('*')}`)) await rm(path, REMOVE);
}
