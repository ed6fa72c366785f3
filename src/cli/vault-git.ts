import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

export function defineGit(vault: Command): void {
  withVaultFlags(
    vault
      .command('diff')
      .description('names of the secrets that were added, changed or removed since a revision of git')
      .argument('[revision]', 'any that git knows', 'HEAD'),
  )
    .option('--values', 'show their values, too')
    .action(async (revision: string, flags: VaultFlags & { values?: boolean }) =>
      (await import('#src/app/vault/diff.ts')).diffVault(revision, flags),
    );
  withVaultFlags(
    vault.command('git-setup').description('make git diff and git log -p show vault files decrypted, in this clone only'),
  )
    .option('--undo', 'no longer')
    .addHelpText(
      'after',
      '\nWrites diff.picluster-vault into the config of the repository, and a line into .gitattributes of the cluster directory.\nThe plain text goes to your terminal, and wherever you send the output of git; git caches none of it.',
    )
    .action(async (flags: VaultFlags & { undo?: boolean }) => (await import('#src/app/vault/git-setup.ts')).setUpGit(flags));
}
