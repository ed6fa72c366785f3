import type { Command } from 'commander';
import {
  type SelectionFlags,
  type StepFlags,
  withBecomeFlag,
  withOutputFlag,
  withSelectionFlags,
  withStepFlags,
} from './common.ts';

type Flags = SelectionFlags & StepFlags & { output: 'text' | 'json'; diff: boolean; out?: string; detailedExitcode?: boolean };

export function define(command: Command): void {
  withOutputFlag(withStepFlags(withBecomeFlag(withSelectionFlags(command))))
    .option('-o, --out <file>', 'keep the plan there, for: picluster show FILE, picluster apply FILE')
    .option('--no-diff', 'do not show the differences of files')
    .option('--detailed-exitcode', 'exit 2 when something would change, 0 when nothing')
    .action(async (flags: Flags) => {
      const { execute } = await import('#src/app/execute.ts');
      process.exitCode = await execute({ ...flags, command: 'plan', isConfirmed: false, kubeconfig: undefined });
    });
}
