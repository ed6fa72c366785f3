import type { Command } from 'commander';
import { type ClusterFlags, withClusterFlags, withOutputFlag } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(
    withClusterFlags(
      command
        .command('list', { isDefault: true })
        .description('hosts and jump hosts with their keys: pinned in the inventory, or trusted on first use and since when'),
    ),
    'text, or json: one key a line',
  ).action(async (flags: ClusterFlags & { output: 'text' | 'json' }) => {
    const { listHostKeys } = await import('#src/app/host-keys.ts');
    await listHostKeys(flags);
  });
  withClusterFlags(
    command
      .command('rotate')
      .description('after a machine was installed anew: show its known and its offered key, and trust the offered one')
      .argument('<host...>', 'names as in hosts.yaml; jump hosts as they are written there'),
  )
    .option('-y, --yes', 'do not ask; needed without a terminal')
    .addHelpText('after', '\nNobody logs in. A key that hosts.yaml pins is changed there, not here: the error names the line.')
    .action(async (hosts: string[], flags: ClusterFlags & { yes?: boolean }) => {
      const { rotateHostKeys } = await import('#src/app/host-keys.ts');
      process.exitCode = await rotateHostKeys(hosts, flags);
    });
}
