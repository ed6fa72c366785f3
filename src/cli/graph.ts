import type { Command } from 'commander';
import { type SelectionFlags, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withSelectionFlags(command)
    .option('--steps', 'a box for every step, not for every role of a host')
    .addHelpText('after', '\nPrints Mermaid text (https://mermaid.js.org) of what bootstrap does. Changes nothing.')
    .action(async (flags: SelectionFlags & { steps?: boolean }) => {
      const { showGraph } = await import('#src/app/show-graph.ts');
      process.exitCode = await showGraph(flags);
    });
}
