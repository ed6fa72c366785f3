import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

const load = () => import('#src/app/vault/files.ts');

export function defineFiles(vault: Command): void {
  withVaultFlags(
    vault
      .command('encrypt')
      .description('encrypt files where they stand, to the recipients; all, or none')
      .argument('<file...>', 'any files; secrets.yaml moves into the vault with init'),
  )
    .option('--symmetric', 'with a passphrase instead, asked for twice or read from --passphrase-fd')
    .action(async (names: string[], flags: VaultFlags & { symmetric?: boolean }) => (await load()).encryptFiles(names, flags));
  withVaultFlags(
    vault.command('decrypt').description('print what a file holds in clear; the file stays encrypted').argument('<file>'),
  ).action(async (name: string, flags: VaultFlags) => (await load()).decryptFile(name, flags));
}
