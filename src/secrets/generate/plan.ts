import { type Catalogue, pathsOf, sourceOf } from '../catalogue/catalogue.ts';

export interface GenerationPlan {
  /** Made from nothing, or from others; sources first. */
  readonly made: readonly string[];
  /** Only a person has them. */
  readonly asked: readonly string[];
  /** Private keys whose public part is missing. */
  readonly completed: readonly string[];
  readonly there: readonly string[];
  /** Parts that are there without what they belong to. */
  readonly halves: readonly { name: string; there: readonly string[]; missing: readonly string[] }[];
}

/**
 * What is missing of the credentials that are wanted, and of what those are made of. `named`: those that a person asked for by name. Pure.
 */
export function planGeneration(
  catalogue: Catalogue,
  wanted: readonly string[],
  has: (path: string) => boolean,
  named: ReadonlySet<string> = new Set(),
): GenerationPlan {
  const plan = { made: [] as string[], asked: [] as string[], completed: [] as string[], there: [] as string[] };
  const halves: GenerationPlan['halves'][number][] = [];
  const all = withSources(catalogue, wanted, has);
  for (const [name, credential] of catalogue.credentials) {
    if (!all.has(name)) continue;
    const paths = pathsOf(name, credential);
    const there = paths.filter(has);
    const missing = paths.filter((path) => !has(path));
    const { onlyWith } = credential;
    if (missing.length === 0) plan.there.push(name);
    else if (there.length > 0 && credential.kind === 'ssh-key' && has(name)) plan.completed.push(name);
    else if (there.length > 0) halves.push({ name, there, missing });
    else if (credential.kind === 'given') plan.asked.push(name);
    else if (onlyWith === undefined || named.has(name) || !has(onlyWith)) plan.made.push(name);
  }
  return { ...plan, halves };
}

function withSources({ credentials }: Catalogue, wanted: readonly string[], has: (path: string) => boolean): Set<string> {
  const all = new Set(wanted);
  for (const name of wanted) {
    const credential = credentials.get(name);
    const source = credential && sourceOf(credential);
    if (credential && source !== undefined && !pathsOf(name, credential).every(has)) all.add(source);
  }
  return all;
}
