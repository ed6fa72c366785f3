import type { Command } from 'commander';
import { type ClusterFlags, withClusterFlags } from './common.ts';

export function define(command: Command): void {
  withClusterFlags(
    command.command('list').description('the roles that this cluster may play: its own and those that come with picluster'),
  ).action(async (flags: ClusterFlags) => {
    const { listRoles } = await import('#src/app/roles.ts');
    await listRoles(flags);
  });
  command
    .command('new')
    .description('write a role of your own into roles/NAME of the cluster directory, ready to be changed')
    .argument('<name>', 'a-z, 0-9 and -; its variables get the same name in camelCase')
    .option('-C, --cluster <dir>', 'cluster directory (default: $PICLUSTER_CLUSTER, else upwards from here)')
    .action(async (name: string, flags: { cluster?: string }) => {
      const { newRole } = await import('#src/app/roles.ts');
      await newRole(name, flags.cluster);
    });
}
