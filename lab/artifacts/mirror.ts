import { link, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Artifact, reference } from './artifact.ts';
import { digestFiles, sha256 } from './files.ts';

/** Where each file lies in the mirror (its URL without the scheme), and where it comes from. */
export type Layout = Readonly<Record<string, { from: Artifact; file: string }>>;

const CHECKSUMS = 'SHA256SUMS';

/**
 * A tree of files by the URLs they stand for, with the checksums of each directory in SHA256SUMS and under the names that its publisher
 * uses (`aliases`, by directory). The files are links to the artifacts: they cost nothing and outlive them.
 */
export async function mirror(layout: Layout, aliases: Readonly<Record<string, string[]>>): Promise<Artifact> {
  const files = Object.entries(layout);
  const described = files.map(([path, { from, file }]) => [path, reference(from), file]);
  const writer = await digestFiles(fileURLToPath(new URL('.', import.meta.url)), ['mirror.ts']);
  return {
    name: 'mirror',
    inputs: { writer, files: described, aliases },
    async build(directory, { need }) {
      const lines: Record<string, string[]> = {};
      for (const [path, { from, file }] of files) {
        const target = join(directory, path);
        await mkdir(dirname(target), { recursive: true });
        await link(join(await need(from), file), target);
        const line = `${await sha256(target)}  ${basename(path)}\n`;
        lines[dirname(path)] = [...(lines[dirname(path)] ?? []), line];
      }
      for (const [path, sums] of Object.entries(lines)) {
        for (const name of [CHECKSUMS, ...(aliases[path] ?? [])]) await writeFile(join(directory, path, name), sums.join(''));
      }
    },
  };
}
