import type { Plan } from '#src/engine/plan.ts';
import type { RunResult } from '#src/engine/run-result.ts';

/** What a plan comes to, in one or two lines. */
export function planFooter(plan: Plan, lost: readonly string[]): string {
  const hosts = new Set(plan.changes.map(({ step }) => step.host));
  const summary =
    plan.changes.length === 0
      ? `0 changes (${plan.steps.length} steps are as they should be)`
      : `${plan.changes.length} changes on ${[...hosts].join(', ')}; ${plan.steps.length - plan.changes.length} steps are as they should be`;
  return `${summary}\n${lost.length > 0 ? `not seen: ${lost.join(', ')}\n` : ''}`;
}

/** What came of it. What was right by the time it was reached (an earlier step did it, or it did itself) is said too: the plan counted it. */
export function resultFooter(plan: Plan, { changed, failed, notReached }: RunResult): string {
  const settled = Math.max(0, plan.changes.length - changed - failed - notReached);
  const parts = [
    `${changed} changed`,
    ...(settled > 0 ? [`${settled} right by the time they were reached`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(notReached > 0 ? [`${notReached} not reached`] : []),
  ];
  return `${parts.join(', ')}\n`;
}
