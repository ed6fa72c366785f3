import type { Command } from 'commander';
import type { ImportFlags } from '#src/app/import-ansible.ts';

export function define(command: Command): void {
  command
    .command('ansible')
    .description(
      'read the inventory, group_vars and host_vars of an Ansible project and write a cluster directory; touches no machine',
    )
    .argument('<dir>', 'the project, or its folder with the inventory')
    .requiredOption('--to <dir>', 'the new cluster directory; must not exist')
    .option('--inventory <file>', 'inventory in YAML (default: inventory.yml or hosts.yml of the project)')
    .option('--ask-vault-password', 'ask for the passphrase of what ansible-vault encrypted; without it that is left out')
    .option('--vault-password-fd <number>', 'read that passphrase from this file descriptor')
    .option('--release <name>', 'release of picluster (default: the one that has the K3s of the project)')
    .option('--name <name>', 'name of the cluster', 'picluster')
    .action(async (directory: string, flags: ImportFlags) => {
      const { importAnsibleProject } = await import('#src/app/import-ansible.ts');
      process.exitCode = await importAnsibleProject(directory, flags);
    });
}
