import type { Command } from 'commander';
import { type SelectionFlags, withOutputFlag, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withSelectionFlags(command))
    .option('--no-diff', 'do not show the differences of files')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .option('--detailed-exitcode', 'exit 2 when something changed')
    .option('--kubeconfig <file>', "write the cluster's kubeconfig there (default: merge it into $KUBECONFIG or ~/.kube/config)")
    .action(
      async (
        flags: SelectionFlags & {
          output: 'text' | 'json';
          diff: boolean;
          yes?: boolean;
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
