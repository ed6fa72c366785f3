import type { Command } from 'commander';
import { withClusterFlag } from './common.ts';

export const withVaultFlags = (command: Command): Command =>
  withClusterFlag(command)
    .option('--key <file>', 'armoured private key, for when gpg does not hold one (default: $PICLUSTER_VAULT_KEY)')
    .option(
      '--passphrase-fd <number>',
      'read the passphrase of that key from this file descriptor (default: $PICLUSTER_VAULT_PASSPHRASE_FD, else it is asked for)',
    );
