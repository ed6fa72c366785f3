import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Artifact, reference } from './artifact.ts';
import { digestFiles } from './files.ts';
import { type Image, writeImageArchive } from './image.ts';

/** An image whose program, named as the artifact it is in, is built first. */
export type ArchivedProgram = Omit<Image, 'binary'> & { from: Artifact };

/** `<name>.tar` with the images, for `ctr images import` or K3s's `agent/images`. */
export async function imageArchive(name: string, images: readonly ArchivedProgram[]): Promise<Artifact> {
  const writer = await digestFiles(fileURLToPath(new URL('.', import.meta.url)), ['image.ts', 'tar.ts']);
  const described = images.map(({ from, ...image }) => ({ ...image, from: reference(from) }));
  return {
    name: `images-${name}`,
    inputs: { writer, images: described },
    async build(directory, { need, signal }) {
      const sources: Image[] = [];
      for (const { from, ...image } of images) sources.push({ ...image, binary: join(await need(from), from.name) });
      await writeImageArchive(sources, join(directory, `${name}.tar`), signal);
    },
  };
}
