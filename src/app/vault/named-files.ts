import { readFile, realpath, stat } from 'node:fs/promises';
import { UsageError } from '#src/errors.ts';

export interface NamedFile {
  /** As it was asked for. */
  readonly name: string;
  /** Where it is: links are followed. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** What one of `MAX_PLAIN_BYTES` becomes is longer by a third. */
const MAX_BYTES = 96 * 2 ** 20;
/** Encrypted in memory, with copies: 15 times that. */
export const MAX_PLAIN_BYTES = 64 * 2 ** 20;

/** Reads files that are to be replaced where they stand. Throws UsageError that names everything that keeps one of them from it. */
export async function filesToReplace(
  names: readonly string[],
  mistakeIn: (file: NamedFile) => string | undefined,
): Promise<NamedFile[]> {
  const files = new Map<string, NamedFile>();
  const mistakes: string[] = [];
  for (const name of names) {
    const read = await readNamed(name, true);
    const mistake = typeof read === 'string' ? read : mistakeIn(read);
    if (mistake !== undefined) mistakes.push(`${name} ${mistake}`);
    else if (typeof read === 'object') files.set(read.path, read);
  }
  if (mistakes.length > 0) throw new UsageError(`${mistakes.join('\n')}\nnothing was changed`);
  return [...files.values()];
}

/** Reads a file that is only to be looked at. Throws UsageError. */
export async function fileToRead(name: string): Promise<NamedFile> {
  const read = await readNamed(name, false);
  if (typeof read === 'string') throw new UsageError(`${name} ${read}`);
  return read;
}

export const larger = (bytes: number): string => `is larger than ${bytes / 2 ** 20} MiB: use gpg for it`;

async function readNamed(name: string, isToReplace: boolean): Promise<NamedFile | string> {
  try {
    const path = await realpath(name);
    const found = await stat(path);
    if (found.isDirectory()) return 'is a directory: name its files';
    if (!found.isFile()) return 'is not a file';
    if (found.size > MAX_BYTES) return larger(MAX_BYTES);
    if (isToReplace && found.nlink > 1) return `has ${found.nlink} names (hard links): under the others it would stay as it is`;
    if (isToReplace && (found.mode & 0o222) === 0) return 'is read-only: chmod u+w first';
    return { name, path, bytes: await readFile(path) };
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
}
