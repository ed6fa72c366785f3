import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureRepository } from '#lab/serve/repository.ts';
import { writeClusterDirectory } from './cluster.ts';
import { wantedNodes } from './config.ts';
import { installDependencies } from './dependencies.ts';
import { makeDisk } from './disk.ts';
import type { Lab } from './identity.ts';
import { baseImage, debsCache } from './image.ts';
import { ensureLabKey, writeSshFiles } from './keys.ts';
import { withLabLock } from './lock.ts';
import { mirrorDirectory } from './mirror.ts';
import { ensureNetwork, usedNetworks } from './network.ts';
import { powerOn } from './power.ts';
import { ensureService } from './service.ts';
import { type LabState, type NodeState, otherSubnets, readState, writeState } from './state.ts';
import { assignAddresses, chooseSubnet } from './subnet.ts';

export interface UpOptions {
  /** Another lab file than lab/lab.yaml. */
  file?: string | undefined;
  /** Names instead of a file. */
  nodes?: readonly string[] | undefined;
  /** false: machines and git only; the mirror keeps what it had. For tests that install nothing. */
  artifacts?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** One line for each fact as it becomes true. */
  say?(line: string): void;
}

/** Brings the lab up: what is there stays, what is missing comes. Safe to run again after it was killed half-way. */
export async function up(lab: Lab, options: UpOptions = {}): Promise<LabState> {
  const say = options.say ?? (() => undefined);
  const { signal } = options;
  const wanted = await wantedNodes(lab, options);
  await installDependencies({ say, signal });
  const authorizedKey = await ensureLabKey(lab);
  const base = await baseImage({ say, signal });
  await mkdir(join(lab.stateDir, 'nodes'), { recursive: true, mode: 0o700 });

  return await withLabLock(
    lab,
    async () => {
      let state = (await readState(lab)) ?? (await newState(lab));
      const names = wanted.map((node) => node.name);
      const addresses = assignAddresses(state.subnet, new Map(state.nodes.map((node) => [node.name, node.address])), names);
      for (const fact of await ensureNetwork(lab, state.subnet, signal)) say(fact);
      for (const node of wanted) {
        if (state.nodes.some((known) => known.name === node.name) && (await exists(lab.nodeDir(node.name)))) continue;
        const address = addresses.get(node.name)!;
        const keys = await makeDisk(lab, {
          name: node.name,
          address,
          gateway: state.gateway,
          authorizedKey,
          debs: await debsCache(),
        });
        const made: NodeState = { name: node.name, address, user: node.user, memory: node.memory, base, ...keys };
        state = { ...state, nodes: [...state.nodes.filter((known) => known.name !== node.name), made] };
        await writeState(lab, state);
      }
      await writeState(lab, state);
      await writeSshFiles(lab, state);
      const cluster = await writeClusterDirectory(lab, state);
      await ensureRepository(join(lab.stateDir, 'git'));
      await Promise.all(state.nodes.map((node) => start(lab, node, say, signal)));
      if (options.artifacts !== false) {
        state = { ...state, mirror: await mirrorDirectory({ say, signal }) };
        await writeState(lab, state);
      }
      const service = (await ensureService(lab, state, signal)) ? 'serves' : 'served';
      say(
        `mirror http://${state.gateway}:${state.ports.mirror} and git http://${state.gateway}:${state.ports.git}/cluster.git: ${service}`,
      );
      say(`cluster directory ${cluster}`);
      return state;
    },
    { signal, say },
  );
}

async function start(lab: Lab, node: NodeState, say: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const began = Date.now();
  const started = await powerOn(lab, node.name, { signal });
  const how = started ? `up after ${((Date.now() - began) / 1000).toFixed(1)} s` : 'was up';
  say(`${node.name} ${node.address} ${how}`);
}

async function newState(lab: Lab): Promise<LabState> {
  const subnet = chooseSubnet(lab.id, [...(await usedNetworks(lab)), ...(await otherSubnets(lab))]);
  return {
    id: lab.id,
    name: lab.name,
    checkout: lab.checkout,
    subnet,
    gateway: `${subnet}.1`,
    ports: { mirror: 8080, git: 8081 },
    nodes: [],
  };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
