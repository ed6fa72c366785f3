import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A wrong cluster directory in one text: `$ --set` arguments, then files, each under a line `== NAME [MODE]`; `(none)` is a file that is not there. */
export interface Fixture {
  name: string;
  set: string[];
  files: { path: string; mode: number; text: string }[];
}

/** All of this folder. Files that a fixture leaves out are those of `base.txt`. */
export async function fixtures(): Promise<Fixture[]> {
  const names = (await readdir(HERE)).filter((file) => file.endsWith('.txt') && !file.endsWith('.golden.txt'));
  const base = parse('base', await readFile(join(HERE, 'base.txt'), 'utf8'));
  const all = await Promise.all(
    names.sort().map(async (file) => parse(basename(file, '.txt'), await readFile(join(HERE, file), 'utf8'))),
  );
  return all.map((fixture) => {
    const own = new Set(fixture.files.map(({ path }) => path));
    const files = [...base.files.filter(({ path }) => !own.has(path)), ...fixture.files];
    return { ...fixture, files: files.filter(({ text }) => text.trim() !== '(none)') };
  });
}

function parse(name: string, text: string): Fixture {
  const [head = '', ...sections] = text.split(/^== /m);
  const set = head.split('\n').flatMap((line) => (line.startsWith('$ --set ') ? [line.slice(8)] : []));
  const files = sections.map((section) => {
    const end = section.indexOf('\n');
    const [path = '', mode = '0644'] = section.slice(0, end).split(' ');
    return { path, mode: Number.parseInt(mode, 8), text: section.slice(end + 1) };
  });
  return { name, set, files };
}

/** Unpacks a fixture, does the work on it, removes it. */
export async function unpacked<T>(fixture: Fixture, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'picluster-invalid-'));
  try {
    for (const { path, mode, text } of fixture.files) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
      await chmod(join(directory, path), mode);
    }
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
