import type { Command } from 'commander';
import type { AnswerFlags } from '#src/app/vault/answers.ts';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

export const withAnswerFlags = (command: Command): Command =>
  command
    .option(
      '--answers <file>',
      'what only a person has, as YAML: a file of mode 0600, or - for standard input (default: it is asked for)',
    )
    .option('--answers-fd <number>', 'the same from this file descriptor');

export function defineGenerate(vault: Command): void {
  withAnswerFlags(
    withVaultFlags(
      vault
        .command('generate')
        .description('make the credentials that the cluster needs and that are missing; ask for those that cannot be made')
        .argument('[name...]', 'only these: credentials (minio.loki) or services (minio); default: all that the cluster needs'),
    ).option('--dry-run', 'say what would be made and asked for; change nothing'),
  )
    .addHelpText(
      'after',
      '\nWhich ones there are, and how they are made, stands in credentials.yaml of picluster and, if there is one, of the cluster directory.',
    )
    .action(async (names: string[], flags: VaultFlags & AnswerFlags & { dryRun?: boolean }) =>
      (await import('#src/app/vault/generate.ts')).generateCredentials(names, flags),
    );
}
