import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** sha256 of each file below `root` that a pattern matches, by its path from there; directories are left out. */
export async function digestFiles(root: string, patterns: readonly string[]): Promise<Record<string, string>> {
  const names = (await Array.fromAsync(glob([...patterns], { cwd: root }))).sort();
  const digests: Record<string, string> = {};
  for (const name of names) {
    const path = join(root, name);
    if ((await stat(path)).isFile())
      digests[name] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  if (names.length === 0) throw new Error(`no file matches ${patterns.join(' ')} in ${root}`);
  return digests;
}

/** sha256 of a file of any size, in hexadecimal digits. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
