import type { Command } from 'commander';
import type { VaultFlags } from '#src/app/vault/common.ts';
import { withClusterFlag } from './common.ts';

const withVaultFlags = (command: Command): Command =>
  withClusterFlag(command)
    .option('--key <file>', 'armoured private key, for when gpg does not hold one (default: $PICLUSTER_VAULT_KEY)')
    .option(
      '--passphrase-fd <number>',
      'read the passphrase of that key from this file descriptor (default: $PICLUSTER_VAULT_PASSPHRASE_FD, else it is asked for)',
    );

const collect = (value: string, before: string[]): string[] => [...before, value];

export function define(command: Command): void {
  command.addHelpText(
    'after',
    '\nThe vault is secrets.yaml.asc of the cluster directory; `gpg -d` reads it, too. Values never stand in arguments.',
  );
  withVaultFlags(command.command('init').description('make the vault; the secrets of secrets.yaml move into it'))
    .option(
      '-r, --recipient <key>',
      'who can read it, beside the keys in recipients/: a file with a public key, or what gpg knows it by; may be given several times',
      collect,
      [],
    )
    .action(async (flags: VaultFlags & { recipient: string[] }) => (await import('#src/app/vault/init.ts')).initVault(flags));
  const contents = () => import('#src/app/vault/contents.ts');
  withVaultFlags(command.command('list').description('the names of all secrets, never a value')).action(
    async (flags: VaultFlags) => (await contents()).listSecrets(flags),
  );
  withVaultFlags(command.command('view').description('print the whole vault in clear')).action(async (flags: VaultFlags) =>
    (await contents()).viewVault(flags),
  );
  withVaultFlags(command.command('get').description('print one value').argument('<path>', 'e.g. k3s.token')).action(
    async (path: string, flags: VaultFlags) => (await contents()).getSecret(path, flags),
  );
  withVaultFlags(
    command
      .command('set')
      .description('set one value: asked for without echo, or read from standard input')
      .argument('<path>', 'e.g. k3s.token'),
  ).action(async (path: string, flags: VaultFlags) => (await contents()).setSecret(path, flags));
  withVaultFlags(
    command.command('rm').description('remove one secret, or all below a path').argument('<path>', 'e.g. k3s.token, git'),
  ).action(async (path: string, flags: VaultFlags) => (await contents()).removeSecret(path, flags));
  withVaultFlags(
    command.command('rekey').description('encrypt the vault anew to the recipients as they are in recipients/ now'),
  ).action(async (flags: VaultFlags) => (await import('#src/app/vault/recipients.ts')).rekeyVault(flags));
  withVaultFlags(
    command
      .command('import-ansible')
      .description('take the values of a file of ansible-vault (1.1, 1.2) into the vault: all, or none')
      .argument('<file>', 'as the command ansible-vault wrote it'),
  )
    .option(
      '--vault-password-fd <number>',
      'read the passphrase of that file from this file descriptor (default: it is asked for)',
    )
    .action(async (file: string, flags: VaultFlags & { vaultPasswordFd?: string }) =>
      (await import('#src/app/vault/import-ansible.ts')).importAnsibleVault(file, flags),
    );
  const files = () => import('#src/app/vault/files.ts');
  withVaultFlags(
    command
      .command('encrypt')
      .description('encrypt files where they stand, to the recipients; all, or none')
      .argument('<file...>', 'any files; secrets.yaml moves into the vault with init'),
  )
    .option('--symmetric', 'with a passphrase instead, asked for twice or read from --passphrase-fd')
    .action(async (names: string[], flags: VaultFlags & { symmetric?: boolean }) => (await files()).encryptFiles(names, flags));
  withVaultFlags(
    command.command('decrypt').description('print what a file holds in clear; the file stays encrypted').argument('<file>'),
  ).action(async (name: string, flags: VaultFlags) => (await files()).decryptFile(name, flags));
  defineRecipients(command.command('recipients').description('who can read the vault: list, add, remove'));
}

function defineRecipients(command: Command): void {
  const recipients = () => import('#src/app/vault/recipients.ts');
  withVaultFlags(command.command('list', { isDefault: true }).description('fingerprint, name and file of each')).action(
    async (flags: VaultFlags) => (await recipients()).listRecipients(flags),
  );
  withVaultFlags(
    command
      .command('add')
      .description('add people, and encrypt the vault anew')
      .argument('<key...>', 'a file with a public key, or what gpg knows it by: an address, a fingerprint'),
  ).action(async (keys: string[], flags: VaultFlags) => (await recipients()).addRecipients(keys, flags));
  withVaultFlags(
    command
      .command('remove')
      .description('remove people, and encrypt the vault anew; the history of git keeps what they could read')
      .argument('<recipient...>', 'file, address or fingerprint as `list` shows them'),
  ).action(async (names: string[], flags: VaultFlags) => (await recipients()).removeRecipients(names, flags));
}
