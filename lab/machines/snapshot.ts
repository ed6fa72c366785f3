import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusedError, UsageError } from '#src/errors.ts';
import { findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { withLabLock } from './lock.ts';
import { powerCut, powerOff, powerOn } from './power.ts';
import { run } from './run.ts';
import { type LabState, requireState, writeAside } from './state.ts';

/** What makes a machine's disk; the rest of its directory is made anew at each start. */
const PARTS = ['upper', 'rancher'];

export interface SnapshotInfo {
  readonly name: string;
  /** ISO 8601. */
  readonly taken: string;
  readonly nodes: LabState['nodes'];
}

export interface SnapshotOptions {
  signal?: AbortSignal | undefined;
  say?(line: string): void;
}

const snapshotDir = (lab: Lab, name: string): string => join(lab.stateDir, 'snapshots', name);

function checkName(name: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{0,40}$/.test(name))
    throw new UsageError(`"${name}" is no name for a snapshot: letters, digits, - and .`);
}

/** Shuts all nodes down, copies their disks and the git repository, and boots those that ran. One of the same name is replaced. */
export async function snapshot(lab: Lab, name: string, options: SnapshotOptions = {}): Promise<void> {
  checkName(name);
  const { signal, say } = options;
  const change = async (): Promise<void> => {
    const state = await requireState(lab);
    const ran: string[] = [];
    for (const node of state.nodes) if ((await findLeader(lab, node.name)) !== undefined) ran.push(node.name);
    await Promise.all(ran.map((node) => powerOff(lab, node, { signal })));
    const target = snapshotDir(lab, name);
    const aside = `${target}.new-${randomUUID()}`;
    try {
      await Promise.all(state.nodes.map((node) => copyParts(lab.nodeDir(node.name), join(aside, node.name), signal)));
      await copy(join(lab.stateDir, 'git'), join(aside, 'git'), signal);
      const info: SnapshotInfo = { name, taken: new Date().toISOString(), nodes: state.nodes };
      await writeAside(join(aside, 'snapshot.json'), `${JSON.stringify(info, null, 2)}\n`, 0o600);
      await discard(lab, target);
      await rename(aside, target);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    say?.(`snapshot ${name}: ${state.nodes.map((node) => node.name).join(', ')}`);
    await Promise.all(ran.map((node) => powerOn(lab, node, { signal })));
    await emptyTrash(lab);
  };
  await withLabLock(lab, change, options);
}

/** Puts the disks of a snapshot back and boots all nodes. What the machines hold now is lost: their power is cut. */
export async function restore(lab: Lab, name: string, options: SnapshotOptions = {}): Promise<void> {
  checkName(name);
  const { signal, say } = options;
  const change = async (): Promise<void> => {
    const state = await requireState(lab);
    const info = await readSnapshot(lab, name);
    const missing = info.nodes.filter(
      (node) => !state.nodes.some((known) => known.name === node.name && known.base === node.base),
    );
    if (missing.length > 0) {
      const names = missing.map((node) => node.name).join(', ');
      throw new RefusedError(`snapshot ${name} holds nodes that this lab does not have (any more): ${names}`, [], {
        hint: `Remove it: picluster lab snapshot --delete ${name}`,
      });
    }
    await Promise.all(info.nodes.map((node) => powerCut(lab, node.name, { signal })));
    const saved = snapshotDir(lab, name);
    await Promise.all(info.nodes.map((node) => replace(lab, join(saved, node.name), lab.nodeDir(node.name), PARTS, signal)));
    await replace(lab, saved, lab.stateDir, ['git'], signal);
    await Promise.all(info.nodes.map((node) => powerOn(lab, node.name, { signal })));
    say?.(`restored ${name} as of ${info.taken}: ${info.nodes.map((node) => node.name).join(', ')}`);
    await emptyTrash(lab);
  };
  await withLabLock(lab, change, options);
}

export async function snapshots(lab: Lab): Promise<SnapshotInfo[]> {
  const names = await readdir(join(lab.stateDir, 'snapshots')).catch(() => []);
  const complete = names.filter((name) => !name.includes('.new-'));
  return await Promise.all(complete.sort().map((name) => readSnapshot(lab, name)));
}

export async function deleteSnapshot(lab: Lab, name: string, options: SnapshotOptions = {}): Promise<void> {
  checkName(name);
  await readSnapshot(lab, name);
  const remove = async (): Promise<void> => {
    await discard(lab, snapshotDir(lab, name));
    await emptyTrash(lab);
  };
  await withLabLock(lab, remove, options);
}

async function readSnapshot(lab: Lab, name: string): Promise<SnapshotInfo> {
  const text = await readFile(join(snapshotDir(lab, name), 'snapshot.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as SnapshotInfo;
  throw new RefusedError(`the lab has no snapshot ${name}`, [], { hint: 'See which there are: picluster lab snapshots' });
}

async function copyParts(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const part of PARTS) await copy(join(from, part), join(to, part), signal);
}

/** `cp` and not node:fs: an overlay's layer holds whiteouts and extended attributes. */
async function copy(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  await run('cp', ['--archive', '--reflink=auto', from, to], { signal, timeout: 300_000 });
}

/** Copies `parts` beside what is there, then swaps: killed half-way, each part is the old one or the new one. */
async function replace(
  lab: Lab,
  from: string,
  to: string,
  parts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const part of parts) {
    const aside = join(to, `${part}.new`);
    await rm(aside, { recursive: true, force: true });
    await copy(join(from, part), aside, signal);
    await discard(lab, join(to, part));
    await rename(aside, join(to, part));
  }
  if (parts.includes('upper')) {
    await rm(join(to, 'work'), { recursive: true, force: true });
    await mkdir(join(to, 'work'));
  }
}

/** Moves a directory away at once; it is removed when there is time. */
async function discard(lab: Lab, directory: string): Promise<void> {
  const trash = join(lab.stateDir, 'trash');
  await mkdir(trash, { recursive: true });
  await rename(directory, join(trash, randomUUID())).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function emptyTrash(lab: Lab): Promise<void> {
  await rm(join(lab.stateDir, 'trash'), { recursive: true, force: true });
}
