import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isOwnerAlive, ownerLine } from './process.ts';
import { waitFor } from './wait.ts';

/**
 * Runs `work` while this process alone holds the lock file. One left behind by a process that died is taken over.
 * Throws TimeoutError naming the holder when it is not free within `timeout` milliseconds.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; timeout: number },
): Promise<T> {
  await waitFor(`the lock ${file}`, () => take(file), {
    ...options,
    explain: async () => `held by process ${await holder(file)}`,
    hint: 'Another lab command of this checkout is at work; wait for it, or end it.',
  });
  try {
    return await work();
  } finally {
    // the work may have moved the directory away, and somebody else may have a lock in the new one
    if ((await holder(file)) === (await ownerLine(process.pid)).trim()) await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(await ownerLine(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const line = await holder(file);
  if (line !== '' && (await isOwnerAlive(line))) return false;
  // Only one of several waiters manages the rename, so nobody removes a lock that was just taken.
  const aside = `${file}.${randomUUID()}`;
  await rename(file, aside).catch(() => undefined);
  await rm(aside, { force: true });
  return false;
}

async function holder(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim();
}
