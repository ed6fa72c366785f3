import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RefusedError } from '#src/errors.ts';
import type { ImageName } from './config.ts';
import type { Lab } from './identity.ts';

export interface NodeState {
  readonly name: string;
  readonly address: string;
  readonly user: 'admin' | 'root';
  /** Undefined, of labs made before there was a choice: Debian. */
  readonly image?: ImageName | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  /** `SHA256:...` of its ed25519 host key. */
  readonly hostKey: string;
  /** The public host key as known_hosts wants it. */
  readonly publicHostKey: string;
  /** Directory of the base image that its disk lies on. */
  readonly base: string;
}

/** What a lab remembers between commands; also written to the checkout for people and tests. */
export interface LabState {
  readonly id: string;
  readonly name: string;
  readonly checkout: string;
  /** First three numbers of its /24: `10.77.3`. */
  readonly subnet: string;
  readonly gateway: string;
  readonly ports: { readonly mirror: number; readonly git: number };
  /** Directory that the mirror serves. */
  readonly mirror?: string | undefined;
  readonly nodes: readonly NodeState[];
}

const stateFile = (lab: Lab): string => join(lab.stateDir, 'lab.json');

export async function readState(lab: Lab): Promise<LabState | undefined> {
  const text = await readFile(stateFile(lab), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LabState);
}

/** Throws RefusedError when the lab was never brought up. */
export async function requireState(lab: Lab): Promise<LabState> {
  const state = await readState(lab);
  if (state === undefined) throw new RefusedError(`there is no lab ${lab.id}`, [], { hint: 'Make it: picluster lab up' });
  return state;
}

/** The node's record. Throws RefusedError naming the nodes there are. */
export async function requireNode(lab: Lab, name: string): Promise<NodeState> {
  const { nodes } = await requireState(lab);
  const node = nodes.find((candidate) => candidate.name === name);
  if (node === undefined)
    throw new RefusedError(`the lab has no node ${name}`, [], { hint: `It has ${nodes.map((n) => n.name).join(', ')}.` });
  return node;
}

export async function writeState(lab: Lab, state: LabState): Promise<void> {
  const text = `${JSON.stringify(state, null, 2)}\n`;
  await writeAside(stateFile(lab), text, 0o600);
  await writeAside(lab.local('state.json'), text, 0o600);
}

/** Subnets of other labs on this machine, up or kept for later. */
export async function otherSubnets(lab: Lab): Promise<string[]> {
  const subnets: string[] = [];
  for (const id of await readdir(lab.stateRoot).catch(() => [])) {
    if (id === lab.id || id.startsWith('.')) continue;
    const text = await readFile(join(lab.stateRoot, id, 'lab.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) subnets.push(`${(JSON.parse(text) as LabState).subnet}.0/24`);
  }
  return subnets;
}

/** Writes beside and renames: nobody ever reads half a file. */
export async function writeAside(file: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, text, { mode });
  await chmod(aside, mode);
  await rename(aside, file);
}
