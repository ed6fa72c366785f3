import type { Command } from 'commander';
import {
  type SelectionFlags,
  type StepFlags,
  type TextFlags,
  withBecomeFlag,
  withOutputFlag,
  withSelectionFlags,
  withStepFlags,
  withTextFlags,
} from './common.ts';

type Flags = SelectionFlags &
  StepFlags &
  TextFlags & { output: 'text' | 'json'; yes?: boolean; resume?: string | true; detailedExitcode?: boolean };

export function define(command: Command): void {
  withTextFlags(withOutputFlag(withStepFlags(withBecomeFlag(withSelectionFlags(command)))))
    .argument('[plan]', 'a plan kept by: picluster plan -o FILE. It is refused (exit 78) when something has moved since')
    .option('--resume [run]', 'go on with the last unfinished run, or this one: its command and its choice of hosts and steps')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .option('--detailed-exitcode', 'exit 2 when something changed, 0 when nothing had to')
    .action(async (plan: string | undefined, flags: Flags) => {
      const { execute } = await import('#src/app/execute.ts');
      process.exitCode = await execute({
        ...flags,
        ...(plan === undefined ? {} : { plan }),
        command: 'apply',
        isConfirmed: flags.yes ?? false,
        kubeconfig: undefined,
      });
    });
}
