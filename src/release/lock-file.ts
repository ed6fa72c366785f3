import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#src/errors.ts';
import { parseYaml } from '#src/yaml/source.ts';

export const LOCK_FILE = 'versions.lock.yaml';
const HEADER =
  '# SHA-256 of artifacts by URL, recorded by picluster from the publishers on first use. Commit it; delete a line to trust anew.\n';

const Entries = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));

/** Checksums recorded for a cluster, by URL. Throws ConfigError when the file is not what picluster wrote. */
export async function readLock(directory: string): Promise<Map<string, string>> {
  let text: string;
  try {
    text = await readFile(join(directory, LOCK_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const source = parseYaml(LOCK_FILE, text);
  if (source.mistakes.length > 0) throw new ConfigError(`${LOCK_FILE} is damaged`, source.mistakes);
  const entries = Entries.safeParse(source.data);
  if (entries.success) return new Map(Object.entries(entries.data));
  const mistakes = entries.error.issues.map((issue) => ({
    ...source.place(issue.path as string[]),
    path: issue.path.map(String).join('.'),
    message: 'must be a SHA-256 in hexadecimal',
  }));
  throw new ConfigError(`${LOCK_FILE} is damaged`, mistakes);
}

/** Writes all checksums, sorted: aside, then renamed. */
export async function writeLock(directory: string, checksums: ReadonlyMap<string, string>): Promise<void> {
  const sorted = Object.fromEntries([...checksums].sort(([a], [b]) => (a < b ? -1 : 1)));
  const aside = join(directory, `.${LOCK_FILE}.${process.pid}`);
  await writeFile(aside, HEADER + stringify(sorted, { lineWidth: 0 }));
  await rename(aside, join(directory, LOCK_FILE));
}
