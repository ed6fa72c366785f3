import { connect } from 'node:net';
import { findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { ageOf } from './process.ts';
import { findRunner } from './runner.ts';
import { findService } from './service.ts';
import { type NodeState, readState } from './state.ts';

export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  /** `booting`: it has a PID 1 but takes no logins yet; `orphaned`: it runs, but a reboot would leave it off (`lab up` mends that). */
  readonly state: 'off' | 'booting' | 'running' | 'orphaned';
  readonly ssh: boolean;
  /** Seconds since it booted. */
  readonly uptime: number | undefined;
  /** Its PID 1 on this machine. */
  readonly pid: number | undefined;
}

export interface LabStatus {
  readonly id: string;
  readonly up: boolean;
  readonly network: string | undefined;
  readonly nodes: readonly NodeStatus[];
  readonly services: readonly { name: 'mirror' | 'git'; url: string; running: boolean }[];
}

export async function status(lab: Lab): Promise<LabStatus> {
  const state = await readState(lab);
  if (state === undefined) return { id: lab.id, up: false, network: undefined, nodes: [], services: [] };
  const nodes = await Promise.all(state.nodes.map((node) => nodeStatus(lab, node)));
  const running = (await findService(lab)) !== undefined;
  return {
    id: lab.id,
    up: running && nodes.every((node) => node.state === 'running'),
    network: `${state.subnet}.0/24`,
    nodes,
    services: [
      { name: 'mirror', url: `http://${state.gateway}:${state.ports.mirror}`, running },
      { name: 'git', url: `http://${state.gateway}:${state.ports.git}/cluster.git`, running },
    ],
  };
}

async function nodeStatus(lab: Lab, node: NodeState): Promise<NodeStatus> {
  const [pid, runner, ssh] = await Promise.all([
    findLeader(lab, node.name),
    findRunner(lab, node.name),
    answersSsh(node.address),
  ]);
  const uptime = pid === undefined ? undefined : await ageOf(pid);
  const off = runner === undefined ? 'off' : 'booting';
  const state = pid === undefined ? off : runner === undefined ? 'orphaned' : ssh ? 'running' : 'booting';
  return { name: node.name, address: node.address, state, ssh: ssh && pid !== undefined, uptime, pid };
}

/** Whether an SSH server greets on the address within a second. */
async function answersSsh(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => done(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}
