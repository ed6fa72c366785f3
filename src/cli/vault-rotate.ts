import { type Command, Option } from 'commander';
import type { AnswerFlags } from '#src/app/vault/answers.ts';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { UsageError } from '#src/errors.ts';
import { withVaultFlags } from './vault-flags.ts';
import { withAnswerFlags } from './vault-generate.ts';

type RotateFlags = VaultFlags &
  AnswerFlags & { list?: boolean; confirm?: boolean; revert?: boolean; yes?: boolean; force?: boolean };

const rotations = () => import('#src/app/vault/rotations.ts');

export function defineRotate(vault: Command): void {
  withAnswerFlags(
    withVaultFlags(
      vault
        .command('rotate')
        .description('give credentials new values: says first who needs them, and keeps the old ones until they are confirmed')
        .argument('[path...]', 'credentials as `vault list` or credentials.yaml name them, e.g. minio.loki'),
    )
      .option('-y, --yes', 'do not ask; needed without a terminal')
      .option('--force', 'also those that are refused because systems that run would not start again with a new value'),
  )
    .addOption(new Option('--list', 'the rotations that nobody has confirmed').conflicts(['confirm', 'revert']))
    .addOption(new Option('--confirm', 'everything works with the new values: forget the old ones').conflicts('revert'))
    .option('--revert', 'put the old values back')
    .action(async (paths: string[], flags: RotateFlags) => {
      if (flags.list) return (await rotations()).listRotations(flags);
      if (paths.length === 0) throw new UsageError('say which: picluster vault rotate PATH...', { hint: 'picluster vault list' });
      if (flags.confirm) return (await rotations()).confirmRotations(paths, flags);
      if (flags.revert) return (await rotations()).revertRotations(paths, flags);
      return (await import('#src/app/vault/rotate.ts')).rotateSecrets(paths, flags);
    });
}
