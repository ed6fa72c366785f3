import { type Command, Option } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

interface ExportFlags extends VaultFlags {
  format: 'yaml' | 'json' | 'env' | 'kv';
  to?: string;
  force?: boolean;
}

export function defineExport(vault: Command): void {
  withVaultFlags(vault.command('export').description('the way out: all secrets of the vault in clear, for another tool'))
    .addOption(
      new Option('--format <format>', 'maps (yaml, json), lines for a shell (env), or JSON by path and key of a KV store (kv)')
        .choices(['yaml', 'json', 'env', 'kv'])
        .default('yaml'),
    )
    .option('--to <file>', 'into this file, mode 0600, instead of standard output')
    .option('--force', 'also onto a terminal, or over a file that is there')
    .action(async (flags: ExportFlags) => (await import('#src/app/vault/export.ts')).exportVault(flags));
}
