import { cached, type Json, keyOf } from './cache.ts';

export interface BuildContext {
  cacheDir: string;
  signal?: AbortSignal | undefined;
  log(line: string): void;
  /** The directory of another artifact, which is built first when it is missing. */
  need(artifact: Artifact): Promise<string>;
}

/** Something that is built once from its inputs. What it is made from is known before anything is built. */
export interface Artifact {
  name: string;
  /** Everything the result depends on. Other artifacts stand here by `reference`. */
  inputs: Json;
  build(directory: string, context: BuildContext): Promise<void>;
}

/** How an artifact stands in the inputs of one that is made from it. */
export function reference(artifact: Artifact): string {
  return `${artifact.name}-${keyOf(artifact.inputs)}`;
}

/** The artifact's directory in the cache. What it needs is only looked at when it has to be built. */
export function obtain(artifact: Artifact, context: Omit<BuildContext, 'need'>): Promise<string> {
  const need = (other: Artifact) => obtain(other, context);
  const { cacheDir: directory, signal, log } = context;
  return cached(artifact.name, artifact.inputs, (to) => artifact.build(to, { ...context, need }), { directory, signal, log });
}
