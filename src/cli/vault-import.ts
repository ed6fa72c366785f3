import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

export function defineImportAnsible(vault: Command): void {
  withVaultFlags(
    vault
      .command('import-ansible')
      .description('take the values of a file of ansible-vault (1.1, 1.2) into the vault: all, or none')
      .argument('<file>', 'as the command ansible-vault wrote it'),
  )
    .option(
      '--vault-password-fd <number>',
      'read the passphrase of that file from this file descriptor (default: it is asked for)',
    )
    .action(async (file: string, flags: VaultFlags & { vaultPasswordFd?: string }) =>
      (await import('#src/app/vault/import-ansible.ts')).importAnsibleVault(file, flags),
    );
}
