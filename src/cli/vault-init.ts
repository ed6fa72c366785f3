import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

interface InitFlags extends VaultFlags {
  recipient: string[];
  newKey?: string;
  newKeyFile?: string;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export function defineInit(vault: Command): void {
  withVaultFlags(vault.command('init').description('make the vault; the secrets of secrets.yaml move into it'))
    .option(
      '-r, --recipient <key>',
      'who can read it, beside the keys in recipients/: a file with a public key, or what gpg knows it by; may be given several times',
      collect,
      [],
    )
    .option(
      '--new-key <person>',
      "make a key pair for 'Name <address>', in gpg: pinentry asks for its passphrase, or --passphrase-fd",
    )
    .option('--new-key-file <file>', 'keep its private part in this new file instead (0600, with a passphrase); needs no gpg')
    .addHelpText(
      'after',
      '\nWithout any of these, and with nothing in recipients/, you are asked: for your key of gpg, or whether to make one.',
    )
    .action(async (flags: InitFlags) => (await import('#src/app/vault/init.ts')).initVault(flags));
}
