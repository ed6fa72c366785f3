import { cutDiff } from '#src/resource/unified-diff.ts';
import type { StepRef } from '#src/role/step.ts';
import { detailOf, isResourceStep, parseRecords } from './observe.ts';
import { type Plan, planOf } from './plan.ts';
import type { HostSession } from './session.ts';

const DETAIL_TIMEOUT_MS = 30_000;

/** Asks changed hosts for the old contents of changed files and puts the diffs into the plan: one request a host that has any. */
export async function explainPlan(plan: Plan, sessions: readonly HostSession[]): Promise<Plan> {
  const diffs = new Map<StepRef, string>();
  await Promise.all(sessions.map((session) => explainHost(plan, session, diffs)));
  if (diffs.size === 0) return plan;
  return planOf(
    plan.steps.map(({ step, change, observed }) => ({
      step,
      observed,
      change: change && diffs.has(step.ref) ? { ...change, diff: diffs.get(step.ref) } : change,
    })),
    plan.skipped,
  );
}

async function explainHost(plan: Plan, session: HostSession, diffs: Map<StepRef, string>): Promise<void> {
  const changed = plan.changes.filter(({ step }) => step.host === session.host.name).map(({ step }) => step);
  const probe = detailOf(changed.filter(isResourceStep));
  if (!probe) return;
  const reply = await session.ask(probe.script, 'detail', DETAIL_TIMEOUT_MS);
  const records = parseRecords(reply.stdout.toString());
  for (const [index, { ref, work }] of probe.order.entries()) {
    const diff = work.kind.explain?.(work.spec, records[index]?.[0] ?? '');
    if (diff) diffs.set(ref, cutDiff(diff));
  }
}
