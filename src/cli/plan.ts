import type { Command } from 'commander';
import { type SelectionFlags, withOutputFlag, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withSelectionFlags(command))
    .option('--no-diff', 'do not show the differences of files')
    .option('--detailed-exitcode', 'exit 2 when something would change')
    .action(async (flags: SelectionFlags & { output: 'text' | 'json'; diff: boolean; detailedExitcode?: boolean }) => {
      const { execute } = await import('#src/app/execute.ts');
      process.exitCode = await execute({ ...flags, command: 'plan', isConfirmed: false, kubeconfig: undefined });
    });
}
