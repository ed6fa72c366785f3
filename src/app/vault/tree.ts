import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover } from '#src/secrets/write-aside.ts';

const NOT_OURS = /^(?:\.git|node_modules|\.lab.*)$/;

/** All files below a directory, relative and sorted, without what killed writes left; links are not followed. */
export async function filesBelow(directory: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isFile() && !isLeftover(entry.name)) files.push(path);
    else if (entry.isDirectory() && !NOT_OURS.test(entry.name)) files.push(...(await filesBelow(directory, path)));
  }
  return files;
}
