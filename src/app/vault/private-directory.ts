import { lstatSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RefusedError } from '#src/errors.ts';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.ts';

const PREFIX = 'picluster-private';
/** statfs(2): TMPFS_MAGIC, RAMFS_MAGIC. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A directory that only this user can look into, for plain text that a program must find in a file. */
export interface PrivateDirectory {
  readonly path: string;
  /** Overwrites what is in it and removes it; done by itself when the process ends, unless by SIGKILL. */
  wipe(): void;
}

/**
 * Makes one in memory; on the disk only with `onDisk`, as a disk may keep what was removed. One that a killed process left is wiped by
 * the next command of the vault. Throws RefusedError when there is no place in memory.
 */
export function privateDirectory(options: { onDisk: boolean }, env = process.env): PrivateDirectory {
  const place = placesInMemory(env)[0] ?? (options.onDisk ? tmpdir() : undefined);
  if (place === undefined)
    throw new RefusedError('there is no place in memory for plain text: neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs', [], {
      hint: 'picluster vault set PATH needs none; or edit on the disk, which may keep what you remove: --on-disk',
    });
  const { boot, pid, began } = thisProcess();
  const path = mkdtempSync(join(place, `${PREFIX}-${boot.replaceAll('-', '')}-${pid}-${began}-`));
  const wipe = (): void => {
    process.off('exit', wipe);
    wipeDirectory(path);
  };
  process.once('exit', wipe);
  return { path, wipe };
}

/** Wipes those of processes of this user that run no more. */
export function wipeStale(env = process.env): void {
  for (const place of new Set([...placesInMemory(env), tmpdir()]))
    for (const name of namesIn(place)) {
      const owner = ownerOf(name);
      const path = join(place, name);
      if (owner && !isRunning(owner) && isMine(path)) wipeDirectory(path);
    }
}

function ownerOf(name: string): ProcessIdentity | undefined {
  const [prefix, rest] = [name.slice(0, PREFIX.length), name.slice(PREFIX.length)];
  const match = prefix === PREFIX ? /^-([0-9a-f]*)-(\d+)-(\d*)-\w+$/.exec(rest) : null;
  if (!match) return undefined;
  const [, boot = '', pid = '', began = ''] = match;
  return { boot: boot.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), pid: Number(pid), began };
}

/** Others may write to /dev/shm, too. */
function isMine(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

function placesInMemory(env: NodeJS.ProcessEnv): string[] {
  const places = [env.XDG_RUNTIME_DIR, '/dev/shm'].filter((place): place is string => Boolean(place));
  return places.filter((place) => {
    try {
      return statSync(place).isDirectory() && IN_MEMORY.has(statfsSync(place).type);
    } catch {
      return false;
    }
  });
}

function namesIn(place: string): string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}

function wipeDirectory(path: string): void {
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const file = join(path, name);
    try {
      if (!lstatSync(file).isFile()) continue;
      writeFileSync(file, Buffer.alloc(statSync(file).size), { flag: 'r+' });
      truncateSync(file);
    } catch {
      // Removed below in any case.
    }
  }
  rmSync(path, { recursive: true, force: true });
}
