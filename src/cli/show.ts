import type { Command } from 'commander';

export function define(command: Command): void {
  command
    .argument('<plan>', 'a file that picluster plan -o has written')
    .option('--no-diff', 'do not show the differences of files')
    .option('--detailed-exitcode', 'exit 2 when the plan has changes, 0 when it has none')
    .action(async (file: string, flags: { diff: boolean; detailedExitcode?: boolean }) => {
      const { showPlan } = await import('#src/app/show-plan.ts');
      process.exitCode = await showPlan(file, flags);
    });
}
