import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type TarEntry, tar } from './tar.ts';

/** An image of one static program, and nothing else but the directories it needs. */
export interface Image {
  /** With registry and tag: `docker.io/library/name:1`. */
  name: string;
  /** The program on this machine. */
  binary: string;
  /** Where it lies in the image; it is the entry point. */
  path: string;
  /** `uid:gid`; root when left out. */
  user?: string;
}

interface Layer {
  digest: string;
  size: number;
  entries: readonly TarEntry[];
}

/**
 * Writes images as one archive in the format of `docker save`, which `ctr images import` and K3s take.
 * The same programs and names give the same bytes. `signal` ends it early.
 */
export async function writeImageArchive(images: readonly Image[], file: string, signal?: AbortSignal): Promise<void> {
  const members: TarEntry[] = [];
  const manifest: object[] = [];
  for (const image of images) {
    const layer = await layerOf(image);
    const config = Buffer.from(JSON.stringify(configOf(image, layer.digest)));
    const id = createHash('sha256').update(config).digest('hex');
    members.push({ name: `${id}.json`, mode: 0o644, source: config });
    members.push({ name: `${layer.digest}.tar`, mode: 0o644, source: { size: layer.size, stream: () => tar(layer.entries) } });
    manifest.push({ Config: `${id}.json`, RepoTags: [image.name], Layers: [`${layer.digest}.tar`] });
  }
  members.push({ name: 'manifest.json', mode: 0o644, source: Buffer.from(JSON.stringify(manifest)) });
  await pipeline(tar(members), createWriteStream(file), { signal });
}

/** The layer is written twice, once to know its digest, and never lies on disk. */
async function layerOf(image: Image): Promise<Layer> {
  const entries = layerEntries(image);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of tar(entries)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: hash.digest('hex'), size, entries };
}

function layerEntries({ binary, path }: Image): TarEntry[] {
  const names = path.slice(1).split('/').slice(0, -1);
  const parents = names.map((_, depth) => `${names.slice(0, depth + 1).join('/')}/`);
  return [
    { name: 'tmp/', mode: 0o1777 },
    ...parents.map((name) => ({ name, mode: 0o755 })),
    { name: path.slice(1), mode: 0o755, source: { path: binary } },
  ];
}

function configOf({ path, user }: Image, digest: string): object {
  return {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: [path], WorkingDir: '/', ...(user && { User: user }) },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: `COPY ${path}` }],
  };
}
