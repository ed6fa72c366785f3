import type { Command } from 'commander';
import { type SelectionFlags, withOutputFlag, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withSelectionFlags(command))
    .option('--no-diff', 'do not show the differences of files')
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .option('--detailed-exitcode', 'exit 2 when something changed')
    .action(
      async (flags: SelectionFlags & { output: 'text' | 'json'; diff: boolean; yes?: boolean; detailedExitcode?: boolean }) => {
        const { execute } = await import('#src/app/execute.ts');
        process.exitCode = await execute({ ...flags, command: 'apply', isConfirmed: flags.yes ?? false, kubeconfig: undefined });
      },
    );
}
