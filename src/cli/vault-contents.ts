import { type Command, Option } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withVaultFlags } from './vault-flags.ts';

const load = () => import('#src/app/vault/contents.ts');

const withFileFlag = (command: Command): Command =>
  withVaultFlags(command).option(
    '--file <file>',
    'the vault file of a group or host: group_vars/NAME.secrets.yaml.asc; set makes it',
  );

interface FileFlags extends VaultFlags {
  file?: string;
}

export function defineContents(vault: Command): void {
  withFileFlag(vault.command('list').description('the names of all secrets, never a value')).action(async (flags: FileFlags) =>
    (await load()).listSecrets(flags),
  );
  withVaultFlags(vault.command('view').description('print the whole vault in clear').argument('[file]', 'another encrypted file'))
    .addOption(new Option('--textconv', 'for git, see git-setup').hideHelp())
    .action(async (file: string | undefined, flags: VaultFlags & { textconv?: boolean }) => {
      const { viewForGit, viewVault } = await load();
      await (flags.textconv && file !== undefined ? viewForGit(file, flags) : viewVault(file, flags));
    });
  withVaultFlags(
    vault
      .command('edit')
      .description('open the vault in $VISUAL, $EDITOR or vi, in memory; what is saved is checked, then encrypted')
      .argument('[file]', 'another encrypted file; one that ends in secrets.yaml.asc is made when it is not there'),
  )
    .option('--on-disk', 'where no tmpfs is (macOS): in a private directory on the disk, which may keep what is removed')
    .action(async (file: string | undefined, flags: VaultFlags & { onDisk?: boolean }) =>
      (await import('#src/app/vault/edit.ts')).editVault(file, flags),
    );
  withFileFlag(vault.command('get').description('print one value').argument('<path>', 'e.g. k3s.token')).action(
    async (path: string, flags: FileFlags) => (await load()).getSecret(path, flags),
  );
  withFileFlag(
    vault
      .command('set')
      .description('set one value: asked for without echo, or read from standard input')
      .argument('<path>', 'e.g. k3s.token'),
  ).action(async (path: string, flags: FileFlags) => (await load()).setSecret(path, flags));
  withFileFlag(
    vault.command('rm').description('remove one secret, or all below a path').argument('<path>', 'e.g. k3s.token, git'),
  ).action(async (path: string, flags: FileFlags) => (await load()).removeSecret(path, flags));
}
