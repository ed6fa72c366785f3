import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file by ciphertext, whole or not at all: beside it, flushed, renamed. Never call it with plain text: a kill leaves what lies beside.
 * A file that is there keeps its mode; a new one is 0644, as it is made to be committed.
 */
export async function writeAside(path: string, ciphertext: string): Promise<void> {
  await removeLeftovers(path);
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );
  let handle: FileHandle | undefined;
  try {
    handle = await open(aside, 'w', mode);
    await handle.chmod(mode);
    await handle.writeFile(ciphertext);
    await handle.sync();
    await handle.close();
    await rename(aside, path);
  } catch (error) {
    await handle?.close().catch(() => {});
    await rm(aside, { force: true });
    throw error;
  }
}

/** What killed processes of this machine left beside a file; ciphertext, but nobody should commit it. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const [, pid] = name.startsWith(prefix) ? (/^(\d+)\.new$/.exec(name.slice(prefix.length)) ?? []) : [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
