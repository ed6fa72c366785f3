import type { Host } from '#src/cluster/cluster.ts';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import type { Emit } from '#src/engine/events.ts';
import type { Plan } from '#src/engine/plan.ts';
import type { Run } from '#src/engine/run.ts';
import { RefusedError, UsageError } from '#src/errors.ts';
import type { PlanDocument, Selection } from '#src/plan/document.ts';
import { readPlan } from '#src/plan/file.ts';
import { planDocument } from '#src/plan/make.ts';
import { whatMoved } from '#src/plan/moved.ts';
import type { ExecuteOptions } from './execute.ts';
import { versionOfPackage } from './version.ts';

/** What of the command line a plan is bound to. */
export const selectionOf = ({ limit, role, step, tags }: ExecuteOptions): Selection => ({
  ...(limit === undefined ? {} : { limit }),
  roles: role,
  steps: step,
  tags,
});

/** Reads the plan that is to be done; it alone says what that is. Throws UsageError when the command line says so too. */
export async function keptPlan(file: string, options: ExecuteOptions): Promise<PlanDocument> {
  const { limit, role, step, tags, set } = options;
  if (limit !== undefined || role.length + step.length + tags.length + set.length > 0)
    throw new UsageError('a kept plan says itself what is done: --limit, --role, --step, --tags and --set do not go with it', {
      hint: 'give them to: picluster plan -o FILE',
    });
  return await readPlan(file);
}

/** The same command, asked as it was when the plan was made. */
export const askedAsThen = (options: ExecuteOptions, { set, selection }: PlanDocument): ExecuteOptions => ({
  ...options,
  set: [...set],
  role: [...selection.roles],
  step: [...selection.steps],
  tags: [...selection.tags],
});

/** The hosts that a plan is about: those that were reached when it was made. Throws RefusedError when it is about another cluster. */
export function hostsOfPlan(plan: PlanDocument, cluster: LoadedCluster): readonly Host[] {
  if (plan.cluster !== cluster.name)
    throw new RefusedError(
      `the plan is for the cluster ${plan.cluster}, and this is ${cluster.name} (${cluster.directory})`,
      [],
      {
        hint: 'give the directory of the cluster with -C',
      },
    );
  return cluster.hosts.filter(({ name }) => plan.hosts[name]?.reached);
}

/** The document of a plan that was made just now. */
export async function documentOf(
  engine: Run,
  plan: Plan,
  options: ExecuteOptions,
  { cluster, chosen }: { cluster: LoadedCluster; chosen: readonly string[] },
): Promise<PlanDocument> {
  const version = await versionOfPackage();
  return planDocument({
    cluster,
    plan,
    chosen,
    facts: engine.facts,
    selection: selectionOf(options),
    set: options.set,
    version,
    now: new Date(),
  });
}

/** Throws RefusedError naming everything that has moved since the plan was made. What could not be seen, then or now, is said. */
export function refuseStale(then: PlanDocument, now: PlanDocument, emit: Emit): void {
  for (const [host, { reached }] of Object.entries(then.hosts))
    if (!reached) emit({ type: 'warning', host, text: 'was not reached when the plan was made: nothing is done there' });
  const moved = whatMoved(then, now);
  if (moved.length === 0) return;
  throw new RefusedError('the plan is stale, and nothing was changed; since it was made there moved', moved, {
    hint: 'make a new plan, look at it, and apply that',
  });
}
