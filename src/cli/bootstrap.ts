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

export function define(command: Command): void {
  withTextFlags(withOutputFlag(withStepFlags(withBecomeFlag(withSelectionFlags(command)))))
    .option('--resume [run]', 'go on with the last unfinished run, or this one: its command and its choice of hosts and steps')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .option('--detailed-exitcode', 'exit 2 when something changed, 0 when nothing had to')
    .option('--kubeconfig <file>', "write the cluster's kubeconfig there (default: merge it into $KUBECONFIG or ~/.kube/config)")
    .action(
      async (
        flags: SelectionFlags &
          StepFlags &
          TextFlags & {
            output: 'text' | 'json';
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
