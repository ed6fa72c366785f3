import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

const collect = (value: string, before: string[]): string[] => [...before, value];

export function defineInit(vault: Command): void {
  withVaultFlags(vault.command('init').description('make the vault; the secrets of secrets.yaml move into it'))
    .option(
      '-r, --recipient <key>',
      'who can read it, beside the keys in recipients/: a file with a public key, or what gpg knows it by; may be given several times',
      collect,
      [],
    )
    .action(async (flags: VaultFlags & { recipient: string[] }) => (await import('#src/app/vault/init.ts')).initVault(flags));
}
