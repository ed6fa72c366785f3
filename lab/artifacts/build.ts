import { UsageError } from '#src/errors.ts';
import { obtain } from './artifact.ts';
import { cacheDir } from './cache.ts';
import { catalogue } from './catalogue.ts';

export interface BuildOptions {
  signal?: AbortSignal;
  /** One line per finished artifact, with its seconds or `cached`. */
  log?(line: string): void;
  /** Default: `cacheDir()`. */
  cacheDir?: string;
  /** K3s's, default `v1.34.4+k3s1`. */
  version?: string;
}

/** Builds what is missing of the lab's artifacts, one after the other. `mirror` is the root of a tree of files by URL. */
export async function buildArtifacts(options: BuildOptions = {}): Promise<{ mirror: string }> {
  return { mirror: await buildArtifact('mirror', options) };
}

/** Builds one artifact, and what it is made of, and gives its directory. Throws UsageError listing the names when there is none of that name. */
export async function buildArtifact(name: string, options: BuildOptions = {}): Promise<string> {
  const artifacts = await catalogue(options.version);
  const artifact = artifacts.find((candidate) => candidate.name === name);
  if (!artifact)
    throw new UsageError(`no artifact is called ${name}: ${artifacts.map((candidate) => candidate.name).join(', ')}`);
  const { signal, log = () => undefined } = options;
  return obtain(artifact, { cacheDir: options.cacheDir ?? cacheDir(), signal, log });
}
