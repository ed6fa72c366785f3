import type { Command } from 'commander';
import { type SelectionFlags, withBecomeFlag, withOutputFlag, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withBecomeFlag(withSelectionFlags(command))).action(
    async (flags: SelectionFlags & { output: 'text' | 'json' }) => {
      const { showFacts } = await import('#src/app/show-facts.ts');
      process.exitCode = await showFacts(flags);
    },
  );
}
