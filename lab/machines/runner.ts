import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { debsCache } from './image.ts';
import { nspawnArguments } from './nspawn.ts';
import { findProcesses } from './process.ts';
import { tail } from './run.ts';
import type { NodeState } from './state.ts';
import { waitFor } from './wait.ts';

const SCRIPT = fileURLToPath(new URL('runner.sh', import.meta.url));

export const consoleFile = (lab: Lab, node: string): string => join(lab.nodeDir(node), 'console.log');

/** The shell that runs the node: it boots it again after a reboot, and ends when the node is off. */
export async function findRunner(lab: Lab, node: string): Promise<number | undefined> {
  const [first] = await findProcesses(SCRIPT, lab.nodeDir(node), lab.cgroup(node));
  return first;
}

/** Starts the node's runner, detached: it outlives this process. Waits until the node's own PID 1 is there. */
export async function startRunner(lab: Lab, node: NodeState, signal?: AbortSignal): Promise<void> {
  const directory = lab.nodeDir(node.name);
  const readOnly = ['/lib/modules'].filter((path) => existsSync(path));
  const args = [directory, node.base, lab.cgroup(node.name), node.memory === undefined ? '-' : String(node.memory)];
  const nspawn = nspawnArguments(lab, node.name, { directory, debs: await debsCache(), readOnly });
  const log = openSync(consoleFile(lab, node.name), 'a', 0o600);
  const child = spawn('unshare', ['--mount', '--propagation', 'slave', SCRIPT, ...args, ...nspawn], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
  });
  closeSync(log);
  let failure: string | undefined;
  child.on('error', (error) => {
    failure = error.message;
  });
  child.on('exit', (code) => {
    failure ??= `the runner ended with ${code}`;
  });
  child.unref();
  await waitFor(`the start of ${node.name}`, async () => failure !== undefined || findLeader(lab, node.name), {
    signal,
    timeout: 30_000,
    interval: 50,
    host: node.name,
    explain: () => consoleTail(lab, node.name),
  });
}

/** The last lines of the node's console, without colours. */
export async function consoleTail(lab: Lab, node: string, lines = 15): Promise<string> {
  const text = await readFile(consoleFile(lab, node), 'utf8').catch(() => '');
  return tail(text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, ''), lines);
}
