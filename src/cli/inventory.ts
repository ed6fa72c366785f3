import { type Command, Option } from 'commander';
import type { InventoryFlags } from '#src/app/show-inventory.ts';
import { withClusterFlags } from './common.ts';

export function define(command: Command): void {
  withClusterFlags(command)
    .option('--host <pattern>', 'what is merged for this host (or these: as with --limit), and where each value comes from')
    .option('--all', 'with --host: variables of roles that it does not play, too')
    .option('--secrets', 'with --host: open the vault, for the names and places of its secrets; never a value')
    .addOption(new Option('--output <format>', 'how to print it').choices(['text', 'json', 'yaml']).default('text'))
    .action(async (flags: InventoryFlags) => {
      const { showInventory } = await import('#src/app/show-inventory.ts');
      process.exitCode = await showInventory(flags);
    });
}
