import { readlinkSync, rmSync } from 'node:fs';
import { readlink, rename, rm, symlink } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LockedError, UsageError } from '#src/errors.ts';
import { isRunning, thisProcess } from './process-identity.ts';

export const LOCK = '.vault.lock';
const ATTEMPTS = 5;

const Holder = z.object({
  pid: z.number().int().positive(),
  machine: z.string(),
  boot: z.string(),
  began: z.string(),
  says: z.string(),
});
type Holder = z.infer<typeof Holder>;

/** Runs `work` while no other picluster changes the vault of this directory. `command`: `vault set`. Throws LockedError that names who does. */
export async function withVaultLock<T>(
  directory: string,
  command: string,
  work: () => Promise<T>,
  { outlivesSignals = false } = {},
): Promise<T> {
  const path = join(directory, LOCK);
  const mine = JSON.stringify(holderOf(command));
  await take(path, mine);
  const stopListening = outlivesSignals ? () => {} : releaseOnSignal(path, mine);
  try {
    return await work();
  } finally {
    stopListening();
    release(path, mine);
  }
}

function release(path: string, mine: string): void {
  try {
    if (readlinkSync(path) === mine) rmSync(path);
  } catch {
    // Gone already.
  }
}

/** What ends the process takes its lock away first: git would see the file. */
function releaseOnSignal(path: string, mine: string): () => void {
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const listener = (): void => {
      release(path, mine);
      process.off(name, listener);
      process.kill(process.pid, name);
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => {
    for (const stop of listeners) stop();
  };
}

/** The lock is a symbolic link whose target is the text: made whole or not at all, by one system call. */
async function take(path: string, mine: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const failure = await symlink(mine, path).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (failure === undefined) return;
    if (failure.code !== 'EEXIST')
      throw new UsageError(`the vault cannot be changed here: ${path} cannot be written (${failure.code}); nothing was changed`);
    const held = await readlink(path).catch(() => undefined);
    if (held === undefined) continue;
    if (isAlive(parsed(held))) throw taken(path, held);
    await breakStale(path, held);
  }
  throw new LockedError(`the lock ${path} goes from hand to hand; nothing was changed`, { hint: 'try again in a moment' });
}

/** Moved away first and looked at again: somebody else may have broken it and hold it by now. */
async function breakStale(path: string, held: string): Promise<void> {
  const away = `${path}.${process.pid}.stale`;
  await rename(path, away).catch(() => {});
  const moved = await readlink(away).catch(() => undefined);
  if (moved !== undefined && moved !== held) await symlink(moved, path).catch(() => {});
  await rm(away, { force: true });
}

const parsed = (text: string): Holder | undefined => {
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** What is no lock of ours, or of another machine, cannot be judged: it holds. */
const isAlive = (holder: Holder | undefined): boolean => !holder || holder.machine !== hostname() || isRunning(holder);

const taken = (path: string, held: string): LockedError =>
  new LockedError(`another run changes the vault: ${parsed(held)?.says ?? held.slice(0, 200)}; nothing was changed`, {
    hint: `wait for it; when it runs no more: rm '${path}'`,
  });

function holderOf(command: string): Holder {
  const machine = hostname();
  const says = `picluster ${command} by ${userInfo().username}@${machine}, pid ${process.pid}, since ${new Date().toISOString()}`;
  return { ...thisProcess(), machine, says };
}
