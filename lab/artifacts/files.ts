import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** sha256 of each file below `root` that a pattern matches, by its path from there; directories are left out. */
export async function digestFiles(
  root: string,
  patterns: readonly string[],
  exclude: readonly string[] = [],
): Promise<Record<string, string>> {
  const names: string[] = [];
  for await (const name of glob([...patterns], { cwd: root, exclude: [...exclude] })) names.push(name);
  const digests: Record<string, string> = {};
  for (const name of names.sort()) {
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
