import type { Command } from 'commander';
import {
  type SelectionFlags,
  type StepFlags,
  withBecomeFlag,
  withOutputFlag,
  withSelectionFlags,
  withStepFlags,
} from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withStepFlags(withBecomeFlag(withSelectionFlags(command))))
    .option('--resume [run]', 'go on with the last unfinished run, or this one: its command and its choice of hosts and steps')
    .option('--no-diff', 'do not show the differences of files')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .option('--detailed-exitcode', 'exit 2 when something changed, 0 when nothing had to')
    .option('--kubeconfig <file>', "write the cluster's kubeconfig there (default: merge it into $KUBECONFIG or ~/.kube/config)")
    .action(
      async (
        flags: SelectionFlags &
          StepFlags & {
            output: 'text' | 'json';
            diff: boolean;
            yes?: boolean;
            resume?: string | true;
            detailedExitcode?: boolean;
            kubeconfig?: string;
          },
      ) => {
        const { execute } = await import('#src/app/execute.ts');
        process.exitCode = await execute({
          ...flags,
          command: 'bootstrap',
          isConfirmed: flags.yes ?? false,
          kubeconfig: flags.kubeconfig,
        });
      },
    );
}
