import { findClusterDirectory } from '#src/cluster/find.ts';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import type { Emit } from '#src/engine/events.ts';
import type { Plan } from '#src/engine/plan.ts';
import { stateDirectories } from '#src/engine/state-directory.ts';
import { UsageError } from '#src/errors.ts';
import { pickRun, readJournal, recordedRuns } from '#src/report/journals.ts';
import { countResumed, lastUnfinished, type Unfinished, unfinished } from '#src/report/unfinished.ts';
import type { ExecuteOptions } from './execute.ts';

/** Steps that are named when they have to be done once more. */
const MAX_NAMED = 10;

/** Name of a variable in PATH=VALUE. */
const nameOf = (setting: string): string => setting.slice(0, setting.indexOf('='));

/** What run.start keeps of the command line: enough to ask the same again, and no values. */
export const askedOf = ({ limit, role, step, tags, set, kubeconfig }: ExecuteOptions, { digest }: LoadedCluster) => ({
  ...(limit === undefined ? {} : { limit }),
  roles: role,
  steps: step,
  tags,
  set: set.map(nameOf),
  ...(kubeconfig === undefined ? {} : { kubeconfig }),
  inventory: digest,
});

/** The run that --resume means; undefined: nothing is unfinished. Throws UsageError for a run that is not known or cannot be resumed. */
export async function runToResume(options: ExecuteOptions): Promise<Unfinished | undefined> {
  const { resume, limit, role, step, tags, plan } = options;
  if (resume === undefined) return undefined;
  if (limit !== undefined || plan !== undefined || role.length + step.length + tags.length > 0)
    throw new UsageError(
      '--resume goes on with what the run was asked for: --limit, --role, --step, --tags and a plan do not go with it',
    );
  const recorded = await recordedRuns(
    await stateDirectories(await findClusterDirectory(options.cluster, process.cwd(), process.env)),
  );
  const runs = await Promise.all(
    recorded.map(async (run) => ({ name: run.name, events: await readJournal(run).catch(() => []) })),
  );
  if (resume === true) return lastUnfinished(runs);
  const { name } = pickRun(recorded, resume);
  const found = runs.find((run) => run.name === name);
  const picked = found && unfinished(found, runs);
  if (!picked || picked.start.command === 'plan')
    throw new UsageError(`run ${name} cannot be resumed: ${picked ? 'it only planned' : 'its journal has no beginning'}`, {
      hint: 'see them all: picluster runs',
    });
  return picked;
}

/** The same command, asked as it was in that run. Throws UsageError when it had settings whose values are not given again. */
export function askedAgain(options: ExecuteOptions, { run, start }: Unfinished): ExecuteOptions {
  const asked = start.asked ?? { roles: [], steps: [], tags: [], set: [], inventory: '' };
  const given = options.set.map(nameOf);
  const missing = asked.set.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    throw new UsageError(`run ${run} had --set ${missing.join(', --set ')}, whose values are not kept`, {
      hint: `give them again: ${missing.map((name) => `--set ${name}=...`).join(' ')}`,
    });
  }
  return {
    ...options,
    command: start.command === 'bootstrap' ? 'bootstrap' : 'apply',
    ...(asked.limit === undefined ? {} : { limit: asked.limit }),
    role: [...asked.roles],
    step: [...asked.steps],
    tags: [...asked.tags],
    kubeconfig: options.kubeconfig ?? asked.kubeconfig,
  };
}

/** Says what the run goes on with, once there is a fresh plan. */
export function tellResumed(resumed: Unfinished, plan: Plan, cluster: LoadedCluster, emit: Emit): void {
  const { run, start } = resumed;
  if (start.asked && start.asked.inventory !== cluster.digest)
    emit({ type: 'warning', text: `the cluster directory has changed since run ${run}: going on with what it says now` });
  const refs = plan.steps.map(({ step }) => step.ref);
  const { done, left, undone } = countResumed(resumed, refs, new Set(plan.changes.map(({ step }) => step.ref)));
  emit({ type: 'fact', text: `resumed run ${run}: ${done} steps were done, ${left} left` });
  if (undone.length === 0) return;
  const more = undone.length > MAX_NAMED ? ` and ${undone.length - MAX_NAMED} more` : '';
  const names = undone.slice(0, MAX_NAMED).join(', ');
  emit({ type: 'warning', text: `done in run ${run}, and not as they should be any more: ${names}${more}` });
}
