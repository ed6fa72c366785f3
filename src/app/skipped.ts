import type { Plan } from '#src/engine/plan.ts';
import { changeSummary } from '#src/render/change-text.ts';

/** So many are named without being asked for. */
const NAMED = 8;

/** What a restricted plan leaves out, for people; nothing when it leaves out nothing. Pure. */
export function skippedLines(plan: Plan, { hosts, nameAll }: { hosts: readonly string[]; nameAll: boolean }): string[] {
  const left = plan.skipped.filter(({ change }) => change !== undefined);
  const named = nameAll ? left : left.slice(0, NAMED);
  const more = left.length - named.length;
  return [
    ...(hosts.length > 0 ? [`hosts not chosen, and not looked at: ${hosts.join(', ')}`] : []),
    ...(plan.skipped.length > 0 ? [`steps not chosen: ${plan.skipped.length}, of which ${left.length} would change`] : []),
    ...named.map(({ step, change }) => `  skipped ${step.ref}: ${change ? changeSummary(change) : ''}`),
    ...(more > 0 ? [`  and ${more} more (--show-skipped names them)`] : []),
  ];
}
