import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StepFailedError } from '#src/errors.ts';

export interface NewContent {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Default: that of the file that is there; 0644 for a new one, as ciphertext is made to be committed. */
  readonly mode?: number;
}

/** Replaces a file, whole or not at all: beside it, flushed, renamed. A kill leaves what lies beside; the next write removes it. */
export const writeAside = (path: string, content: string): Promise<void> => writeAllAside([{ path, content }]);

/** The same for several: every one lies beside, flushed, before the first is renamed. Throws StepFailedError, e.g. when the disk is full. */
export async function writeAllAside(files: readonly NewContent[]): Promise<void> {
  const asides: { aside: string; path: string }[] = [];
  let replaced = 0;
  let current = '';
  try {
    for (const file of files) {
      current = file.path;
      await removeLeftovers(file.path);
      const aside = join(dirname(file.path), `.${basename(file.path)}.${process.pid}.new`);
      asides.push({ aside, path: file.path });
      await writeFlushed(aside, file.content, file.mode ?? (await modeOf(file.path)));
    }
    for (const { aside, path } of asides) {
      current = path;
      await rename(aside, path);
      replaced += 1;
    }
  } catch (error) {
    for (const { aside } of asides) await rm(aside, { force: true }).catch(() => {});
    const { code, message } = error as NodeJS.ErrnoException;
    const left = replaced === 0 ? 'nothing was changed' : `${replaced} of ${files.length} files were replaced: do it again`;
    throw new StepFailedError(`${current} cannot be written (${code ?? message}); ${left}`, { cause: error });
  }
}

const modeOf = (path: string): Promise<number> =>
  stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o644,
  );

async function writeFlushed(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'w', mode);
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

/** Whether a file name is one of those that are written to, then renamed. Pure. */
export const isLeftover = (name: string): boolean => /^\..+\.\d+\.new$/.test(name);

/** What killed processes of this machine left beside a file; nobody should commit it. */
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
