import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

const load = () => import('#src/app/vault/recipients.ts');

export function defineRecipients(vault: Command): void {
  const command = vault.command('recipients').description('who can read the vault: list, add, remove');
  withVaultFlags(command.command('list', { isDefault: true }).description('fingerprint, name and file of each')).action(
    async (flags: VaultFlags) => (await load()).listRecipients(flags),
  );
  withVaultFlags(
    command
      .command('add')
      .description('add people, and encrypt the vault anew')
      .argument('<key...>', 'a file with a public key, or what gpg knows it by: an address, a fingerprint'),
  ).action(async (keys: string[], flags: VaultFlags) => (await load()).addRecipients(keys, flags));
  withVaultFlags(
    command
      .command('remove')
      .description('remove people, and encrypt the vault anew; the history of git keeps what they could read')
      .argument('<recipient...>', 'file, address or fingerprint as `list` shows them'),
  ).action(async (names: string[], flags: VaultFlags) => (await load()).removeRecipients(names, flags));
  withVaultFlags(
    vault.command('rekey').description('encrypt the vault anew to the recipients as they are in recipients/ now'),
  ).action(async (flags: VaultFlags) => (await load()).rekeyVault(flags));
}
