import { HOOKED_COMMANDS } from '#src/cluster/hooks.ts';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import { selectHosts } from '#src/cluster/select.ts';
import type { Emit } from '#src/engine/events.ts';
import type { Plan } from '#src/engine/plan.ts';
import { CONTROL } from '#src/engine/run.ts';
import type { HookFactory } from '#src/engine/run-options.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { EXIT, HookFailedError } from '#src/errors.ts';
import { type Hook, type HookInput, hookFrom, isAtCommand, isAtRole, isAtStep, isAtUpgrade } from '#src/hooks/hook.ts';
import { HostHooks } from '#src/hooks/host-hooks.ts';
import { type HookRunnerOptions, runHook } from '#src/hooks/run-hook.ts';

export interface RunHooks {
  /** Undefined: the cluster has none around steps. */
  readonly factory: HookFactory | undefined;
  /** Runs those before the command. Rejects with HookFailedError: then nothing is to be changed. */
  beforeCommand(): Promise<void>;
  /** Runs those after it; the result is a failure when one of them is. */
  afterCommand(result: RunResult): Promise<RunResult>;
  /** Those that a plan will run, as lines for people. */
  planned(plan: Plan): string[];
}

/** The hooks of a cluster for one run of a command. */
export function runHooks(
  cluster: LoadedCluster,
  { command, run, emit, signal }: { command: string; run: string; emit: Emit; signal: AbortSignal },
): RunHooks {
  const hooks = cluster.hooks.map((setting) =>
    hookFrom(setting, {
      hostsOf: (pattern) => selectHosts(cluster.hosts, pattern).map(({ name }) => name),
      isCommand: (name) => HOOKED_COMMANDS.some((known) => known === name),
    }),
  );
  const base = { run, command, cluster: cluster.name, release: cluster.release };
  const options = (shell: HookRunnerOptions['shell']): HookRunnerOptions => ({
    directory: cluster.directory,
    base,
    signal,
    emit,
    shell,
  });
  const around = async (when: 'before' | 'after', subject: Partial<HookInput>): Promise<void> => {
    const noHost = options(() => Promise.reject(new TypeError('a hook around a command has no host')));
    for (const hook of hooks.filter((candidate) => candidate.when === when && isAtCommand(candidate, command)))
      await runHook(hook, subject, noHost);
  };
  const aroundSteps = hooks.filter(({ point }) => point.type !== 'command');
  const factory: HookFactory = ({ shell }, host) =>
    new HostHooks(aroundSteps, host, (hook, subject) => runHook(hook, subject, options(shell)));
  return {
    factory: aroundSteps.length > 0 ? factory : undefined,
    beforeCommand: () => around('before', {}),
    async afterCommand(result) {
      try {
        await around('after', { result: resultOf(result) });
        return result;
      } catch (error) {
        if (!(error instanceof HookFailedError)) throw error;
        emit({ type: 'warning', text: `${error.message}: ${error.output ?? ''}` });
        return { ...result, exitCode: result.exitCode === EXIT.done ? error.exitCode : result.exitCode };
      }
    },
    planned: (plan) => (plan.changes.length === 0 ? [] : hooks.flatMap((hook) => plannedLine(hook, plan, command))),
  };
}

const resultOf = ({ exitCode, changed, failed, notReached }: RunResult) => ({ exitCode, changed, failed, notReached });

function plannedLine(hook: Hook, plan: Plan, command: string): string[] {
  const at = plan.changes.filter(
    ({ step }) => isAtStep(hook, step) || isAtRole(hook, step.role, step.host) || isAtUpgrade(hook, step),
  );
  const hosts = [...new Set(at.map(({ step }) => step.host))];
  if (hosts.length === 0 && !isAtCommand(hook, command)) return [];
  const where = hosts.length === 0 || hosts.includes(CONTROL) ? '' : ` on ${hosts.join(', ')}`;
  return [`hook ${hook.title}${where}${hook.on === 'host' ? '' : ' (on this machine)'}: ${hook.run.split('\n')[0]}`];
}
