import type { Plan } from '#src/engine/plan.ts';
import type { RunResult } from '#src/engine/run.ts';

/** What a plan comes to, in one or two lines. */
export function planFooter(plan: Plan, lost: readonly string[]): string {
  const hosts = new Set(plan.changes.map(({ step }) => step.host));
  const summary =
    plan.changes.length === 0
      ? `0 changes (${plan.steps.length} steps are as they should be)`
      : `${plan.changes.length} changes on ${[...hosts].join(', ')}; ${plan.steps.length - plan.changes.length} steps are as they should be`;
  return `${summary}\n${lost.length > 0 ? `not seen: ${lost.join(', ')}\n` : ''}`;
}

export function resultFooter({ changed, failed, notReached }: RunResult): string {
  const parts = [
    `${changed} changed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(notReached > 0 ? [`${notReached} not reached`] : []),
  ];
  return `${parts.join(', ')}\n`;
}
