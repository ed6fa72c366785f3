import { access } from 'node:fs/promises';
import { RefusedError, StepFailedError } from '#src/errors.ts';
import { clearCgroups, findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { kill } from './process.ts';
import { run } from './run.ts';
import { consoleTail, findRunner, startRunner } from './runner.ts';
import { ssh } from './ssh.ts';
import { type NodeState, requireNode } from './state.ts';
import { waitFor } from './wait.ts';

export interface PowerOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds the whole of it may take. */
  timeout?: number;
}

/** Resolves when the node takes logins; the bound is for one boot. */
export async function waitForSsh(lab: Lab, node: string, options: PowerOptions = {}): Promise<void> {
  let last = '';
  await waitFor(
    `SSH to ${node}`,
    async () => {
      const { exitCode, stderr } = await ssh(lab, node, 'true', { timeout: 5_000, signal: options.signal });
      last = stderr;
      return exitCode === 0;
    },
    {
      signal: options.signal,
      timeout: options.timeout ?? 60_000,
      host: node,
      explain: async () => `ssh: ${last}\nconsole:\n${await consoleTail(lab, node)}`,
      hint: `Look at its journal: picluster lab logs ${node}`,
    },
  );
}

/** Boots a node that is off and waits for SSH; one that runs stays as it is. Returns whether it had to be started. */
export async function powerOn(lab: Lab, name: string, options: PowerOptions = {}): Promise<boolean> {
  const node = await requireNode(lab, name);
  const wasOff = (await findRunner(lab, name)) === undefined;
  if (wasOff) {
    if ((await findLeader(lab, name)) !== undefined) await stopOrphan(lab, name, options);
    await clearCgroups(lab, name);
    await requireBase(node);
    await startRunner(lab, node, options.signal);
  }
  await waitForSsh(lab, name, options);
  return wasOff;
}

async function requireBase(node: NodeState): Promise<void> {
  await access(node.base).catch(() => {
    throw new RefusedError(`the base image that ${node.name} lies on is gone: ${node.base}`, [], {
      hint: 'The cache was emptied. Make the lab anew: picluster lab down, picluster lab up',
    });
  });
}

/** systemd's own commands wait for inhibitors; busybox's tell init. */
async function shutDown(lab: Lab, name: string, verb: 'poweroff' | 'reboot', signal: AbortSignal | undefined): Promise<void> {
  const { image } = await requireNode(lab, name);
  await inNode(lab, name, image === 'openrc' ? [`/sbin/${verb}`] : ['systemctl', verb], signal);
}

/** A node whose runner was killed goes on, but nobody would boot it again: shut it down so that it can get a new runner. */
async function stopOrphan(lab: Lab, name: string, options: PowerOptions): Promise<void> {
  await shutDown(lab, name, 'poweroff', options.signal);
  await waitUntilOff(lab, name, options);
}

/** Presses the power button: services, pods and inhibitors get their time. Throws TimeoutError when the node is not off within the bound (100 s). */
export async function powerOff(lab: Lab, name: string, options: PowerOptions = {}): Promise<void> {
  await requireNode(lab, name);
  if ((await findLeader(lab, name)) === undefined) return await waitUntilOff(lab, name, options);
  await shutDown(lab, name, 'poweroff', options.signal);
  await waitUntilOff(lab, name, options);
}

/** Kills the node's PID 1, as a cut cable does: nothing inside gets a chance. */
export async function powerCut(lab: Lab, name: string, options: PowerOptions = {}): Promise<void> {
  await requireNode(lab, name);
  const leader = await findLeader(lab, name);
  if (leader !== undefined) kill(leader, 'SIGKILL');
  await waitUntilOff(lab, name, { timeout: 20_000, ...options });
}

/** Restarts the node from within and waits for SSH of the new boot. */
export async function reboot(lab: Lab, name: string, options: PowerOptions = {}): Promise<void> {
  const before = await findLeader(lab, name);
  if (before === undefined)
    throw new StepFailedError(`${name} is off`, { host: name, hint: `Start it: picluster lab poweron ${name}` });
  await shutDown(lab, name, 'reboot', options.signal);
  await waitFor(
    `the reboot of ${name}`,
    async () => {
      const leader = await findLeader(lab, name);
      return leader !== undefined && leader !== before;
    },
    { signal: options.signal, timeout: options.timeout ?? 100_000, host: name, explain: () => consoleTail(lab, name) },
  );
  await waitForSsh(lab, name, options);
}

async function waitUntilOff(lab: Lab, name: string, options: PowerOptions): Promise<void> {
  await waitFor(
    `the end of ${name}`,
    async () => (await findRunner(lab, name)) === undefined && (await findLeader(lab, name)) === undefined,
    {
      signal: options.signal,
      timeout: options.timeout ?? 100_000,
      host: name,
      explain: () => consoleTail(lab, name),
      hint: `Look at its journal (picluster lab logs ${name}), or cut its power: picluster lab powercut ${name}`,
    },
  );
  await clearCgroups(lab, name);
}

/** Runs a program in the node's namespaces, without SSH: works on a node that refuses logins. Returns its standard output. */
export async function inNode(lab: Lab, name: string, command: readonly string[], signal?: AbortSignal): Promise<string> {
  const leader = await findLeader(lab, name);
  if (leader === undefined) throw new StepFailedError(`${name} is off`, { host: name });
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid'];
  return await run('nsenter', ['--target', String(leader), ...namespaces, '--', ...command], {
    signal,
    host: name,
    timeout: 30_000,
  });
}
