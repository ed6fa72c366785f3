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
    vault.command('decrypt').description('decrypt files where they stand (mode 0600); all, or none').argument('<file...>'),
  )
    .option('--stdout', 'print what they hold instead; the files stay encrypted')
    .action(async (names: string[], flags: VaultFlags & { stdout?: boolean }) => {
      const { decryptFiles, printDecrypted } = await load();
      await (flags.stdout ? printDecrypted : decryptFiles)(names, flags);
    });
}
