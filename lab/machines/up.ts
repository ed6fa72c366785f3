import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildArtifacts } from '#lab/artifacts/build.ts';
import { ensureRepository } from '#lab/serve/repository.ts';
import { forgetChecksums, writeClusterDirectory } from './cluster.ts';
import { type ImageName, type NodeConfig, wantedNodes } from './config.ts';
import { installDependencies } from './dependencies.ts';
import { makeDisk } from './disk.ts';
import type { Lab } from './identity.ts';
import { baseImage, debsCache } from './image.ts';
import { ensureLabKey, writeSshFiles } from './keys.ts';
import { withLabLock } from './lock.ts';
import { ensureNetwork, usedNetworks } from './network.ts';
import { powerOn } from './power.ts';
import { ensureService } from './service.ts';
import { type LabState, type NodeState, otherSubnets, readState, writeState } from './state.ts';
import { assignAddresses, chooseSubnet } from './subnet.ts';

type Say = (line: string) => void;
type Signal = AbortSignal | undefined;

export interface UpOptions {
  /** Another lab file than lab/lab.yaml. */
  file?: string | undefined;
  /** Names instead of a file. */
  nodes?: readonly string[] | undefined;
  /** What those names run; default: Debian. */
  image?: ImageName | undefined;
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
  const bases = new Map<ImageName, string>();
  for (const { image } of wanted) if (!bases.has(image)) bases.set(image, await baseImage(image, { say, signal }));
  const state = await withLabLock(lab, () => machines(lab, wanted, bases, say, signal), { signal, say });
  if (options.artifacts === false) return state;

  // minutes on a fresh machine: meanwhile the lab is nobody's
  const { mirror } = await buildArtifacts({ ...(signal && { signal }), log: say });
  const finish = async () => serve(lab, { ...((await readState(lab)) ?? state), mirror }, say, signal);
  return await withLabLock(lab, finish, { signal, say });
}

type Bases = ReadonlyMap<ImageName, string>;

async function machines(lab: Lab, wanted: readonly NodeConfig[], bases: Bases, say: Say, signal: Signal): Promise<LabState> {
  await mkdir(join(lab.stateDir, 'nodes'), { recursive: true, mode: 0o700 });
  const before = (await readState(lab)) ?? (await newState(lab));
  for (const fact of await ensureNetwork(lab, before.subnet, signal)) say(fact);
  const state = await ensureDisks(lab, before, wanted, bases);
  await writeSshFiles(lab, state);
  const cluster = await writeClusterDirectory(lab, state);
  await ensureRepository(join(lab.stateDir, 'git'));
  await Promise.all(state.nodes.map((node) => start(lab, node, say, signal)));
  await serve(lab, state, say, signal);
  say(`cluster directory ${cluster}`);
  return state;
}

/** Nodes that the state knows and whose disk is there stay; each new one is written down at once. */
async function ensureDisks(lab: Lab, before: LabState, wanted: readonly NodeConfig[], bases: Bases): Promise<LabState> {
  const authorizedKey = await ensureLabKey(lab);
  const names = wanted.map((node) => node.name);
  const addresses = assignAddresses(before.subnet, new Map(before.nodes.map((node) => [node.name, node.address])), names);
  let state = before;
  for (const node of wanted) {
    if (state.nodes.some((known) => known.name === node.name) && (await exists(lab.nodeDir(node.name)))) continue;
    const address = addresses.get(node.name)!;
    const disk = { name: node.name, image: node.image, address, gateway: state.gateway, authorizedKey, debs: await debsCache() };
    const made: NodeState = {
      name: node.name,
      address,
      user: node.user,
      image: node.image,
      memory: node.memory,
      base: bases.get(node.image)!,
      ...(await makeDisk(lab, disk)),
    };
    state = { ...state, nodes: [...state.nodes.filter((known) => known.name !== node.name), made] };
    await writeState(lab, state);
  }
  await writeState(lab, state);
  return state;
}

async function serve(lab: Lab, state: LabState, say: Say, signal: Signal): Promise<LabState> {
  if ((await readState(lab))?.mirror !== state.mirror) await forgetChecksums(lab);
  await writeState(lab, state);
  if (await ensureService(lab, state, signal)) {
    const { gateway, ports, mirror } = state;
    if (mirror !== undefined) say(`mirror http://${gateway}:${ports.mirror} serves ${mirror}`);
    say(`git http://${gateway}:${ports.git}/cluster.git serves`);
  }
  return state;
}

async function start(lab: Lab, node: NodeState, say: Say, signal: Signal): Promise<void> {
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
