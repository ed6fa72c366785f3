import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

export function defineVerify(vault: Command): void {
  withVaultFlags(
    vault
      .command('verify')
      .description('check that everything encrypted can be read, by whom recipients/ names, and that no secret stands in plain'),
  )
    .addHelpText(
      'after',
      '\nLooks through the cluster directory, and there at what git has or would take. Everything found is listed with file and line (exit 65).',
    )
    .action(async (flags: VaultFlags) => (await import('#src/app/vault/verify.ts')).verifyVault(flags));
}
