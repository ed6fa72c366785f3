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

type Flags = SelectionFlags & StepFlags & TextFlags & { output: 'text' | 'json'; out?: string; detailedExitcode?: boolean };

export function define(command: Command): void {
  withTextFlags(withOutputFlag(withStepFlags(withBecomeFlag(withSelectionFlags(command)))))
    .option('-o, --out <file>', 'keep the plan there, for: picluster show FILE, picluster apply FILE')
    .option('--detailed-exitcode', 'exit 2 when something would change, 0 when nothing')
    .action(async (flags: Flags) => {
      const { execute } = await import('#src/app/execute.ts');
      process.exitCode = await execute({ ...flags, command: 'plan', isConfirmed: false, kubeconfig: undefined });
    });
}
