import { globToRegExp } from '#src/cluster/groups.ts';
import { suggestion } from '#src/cluster/suggest.ts';
import { UsageError } from '#src/errors.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Graph, Step } from './graph.ts';

/** What --role, --step and --tags ask for: any word of each list that is not empty. */
export interface StepSelection {
  readonly roles: readonly string[];
  /** Names, `role/name` or whole refs; `*` and `?` stand for more. */
  readonly steps: readonly string[];
  readonly tags: readonly string[];
}

export const ALL_STEPS: StepSelection = { roles: [], steps: [], tags: [] };

/** The steps that a selection asks for. Throws UsageError with what is known when a word matches nothing, or nothing is left. */
export function selectSteps(steps: readonly Step[], selection: StepSelection): Set<StepRef> {
  const { roles, steps: patterns, tags } = selection;
  if (roles.length + patterns.length + tags.length === 0) return new Set(steps.map(({ ref }) => ref));
  const known = (names: readonly string[]): string[] => [...new Set(names)].sort();
  refuseUnknown('--role', roles, known(steps.map(({ role }) => role)));
  refuseUnknown('--tags', tags, known(steps.flatMap((step) => step.tags)));
  for (const pattern of patterns)
    if (!steps.some((step) => isNamed(step, pattern))) refuseUnknown('--step', [pattern], known(steps.map(({ name }) => name)));
  const chosen = steps.filter(
    (step) =>
      (roles.length === 0 || roles.includes(step.role)) &&
      (patterns.length === 0 || patterns.some((pattern) => isNamed(step, pattern))) &&
      (tags.length === 0 || step.tags.some((tag) => tags.includes(tag))),
  );
  if (chosen.length > 0) return new Set(chosen.map(({ ref }) => ref));
  throw new UsageError('no step is of all that --role, --step and --tags ask for', {
    hint: 'each of them narrows: give one of them only',
  });
}

function isNamed({ ref, role, name }: Step, pattern: string): boolean {
  const expression = globToRegExp(pattern);
  return [name, `${role}/${name}`, ref].some((text) => expression.test(text));
}

/** Throws UsageError for the first word that is not known. */
export function refuseUnknown(flag: string, words: readonly string[], known: readonly string[]): void {
  const word = words.find((candidate) => !known.includes(candidate));
  if (word === undefined) return;
  throw new UsageError(`${flag}: nothing is called "${word}"${suggestion(word, known)}`, {
    hint: known.length > 0 ? `known: ${known.join(', ')}` : 'no step of the chosen hosts has any',
  });
}

/** The graph whose runs do the chosen steps only; edges to the others lead outside. */
export function restrictGraph(graph: Graph, chosen: ReadonlySet<StepRef>): Graph {
  if (chosen.size === graph.steps.size) return graph;
  const parts = [...graph.byHost].map(([host, steps]) => [host, Map.groupBy(steps, ({ ref }) => chosen.has(ref))] as const);
  const byHost = new Map(parts.flatMap(([host, part]) => (part.has(true) ? [[host, part.get(true) ?? []] as const] : [])));
  const skipped = [...byHost.values()]
    .flat()
    .flatMap(({ ref, after }) => after.filter((to) => graph.steps.has(to) && !chosen.has(to)).map((to) => ({ from: ref, to })));
  return {
    steps: graph.steps,
    byHost,
    outside: [...graph.outside.filter(({ from }) => chosen.has(from)), ...skipped],
    leftOut: new Map(parts.map(([host, part]) => [host, part.get(false) ?? []])),
  };
}

/** Everything that the given steps wait for, directly or not, without themselves. */
export function predecessors(graph: Graph, of: Iterable<StepRef>): Set<StepRef> {
  const start = new Set(of);
  const found = new Set<StepRef>();
  const visit = (ref: StepRef): void => {
    for (const before of graph.steps.get(ref)?.after ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  for (const ref of start) visit(ref);
  return found.difference(start);
}
