import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file by ciphertext, whole or not at all: beside it, flushed, renamed. Never call it with plain text: a kill leaves what lies beside.
 * A file that is there keeps its mode; a new one is 0644, as it is made to be committed.
 */
export async function writeAside(path: string, ciphertext: string): Promise<void> {
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
