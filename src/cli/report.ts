import type { Command } from 'commander';
import { withClusterFlag, withOutputFlag } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withClusterFlag(command), 'text, or json: one object, durations in milliseconds')
    .argument('[run]', 'its name, or the beginning or end of it, as `picluster runs` shows it (default: the last run)')
    .option(
      '--html [file]',
      'write one page that needs nothing else, and print its path (default: report.html beside the journal)',
    )
    .action(async (run: string | undefined, flags: { cluster?: string; output: 'text' | 'json'; html?: string | true }) => {
      const { showReport } = await import('#src/app/show-runs.ts');
      await showReport(run, flags);
    });
}
