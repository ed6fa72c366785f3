import type { StampedEvent } from '#src/engine/events.ts';
import { EXIT } from '#src/errors.ts';
import type { PlanDocument } from '#src/plan/document.ts';
import { readPlan } from '#src/plan/file.ts';
import { eventLines } from '#src/render/events-to-text.ts';
import { type PlanSummary, planFooter } from './footer.ts';

/** Prints a kept plan as `plan` does. Touches no machine, and says nothing of whether it is stale. */
export async function showPlan(file: string, options: { diff: boolean; detailedExitcode?: boolean }): Promise<number> {
  const document = await readPlan(file);
  const lines = planLines(document, options.diff);
  process.stdout.write(`${lines.join('\n')}\n${planFooter(summaryOfDocument(document))}`);
  return options.detailedExitcode && document.steps.some(({ change }) => change) ? EXIT.changed : EXIT.done;
}

/** What it is about, then a line a change. Pure. */
export function planLines(document: PlanDocument, showDiffs: boolean): string[] {
  const { cluster, release, madeAt, picluster, selection, set, steps } = document;
  const { limit, roles, steps: names, tags } = selection;
  const asked = [
    ...(limit === undefined ? [] : [`--limit ${limit}`]),
    ...(roles.length > 0 ? [`--role ${roles.join(',')}`] : []),
    ...names.map((name) => `--step ${name}`),
    ...(tags.length > 0 ? [`--tags ${tags.join(',')}`] : []),
    ...set.map((one) => `--set ${one}`),
  ];
  return [
    `plan for ${cluster} (release ${release}), made ${madeAt} by picluster ${picluster}`,
    ...(asked.length > 0 ? [`restricted by ${asked.join(' ')}`] : []),
    ...steps.flatMap(({ change, ...step }, seq) => {
      if (!change) return [];
      const event: StampedEvent = { v: 1, seq, at: madeAt, type: 'step.planned', ...step, change };
      return eventLines(event, { showDiffs });
    }),
  ];
}

const summaryOfDocument = ({ steps, hosts }: PlanDocument): PlanSummary => ({
  changes: steps.flatMap(({ host, change }) => (change ? [{ host, change }] : [])),
  steps: steps.length,
  lost: Object.entries(hosts).flatMap(([name, { reached }]) => (reached ? [] : [name])),
});
