import { readFile } from 'node:fs/promises';
import { ConfigError, PermissionError, UsageError } from '#src/errors.ts';
import { decryptAnsibleVault } from '#src/secrets/ansible-vault.ts';
import { withSecrets } from '#src/secrets/edit-yaml.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { foreignSecrets } from '#src/secrets/foreign.ts';
import { VAULT_FILE } from '#src/secrets/read.ts';
import type { VaultFile } from '#src/secrets/vault-file.ts';
import { askSecret } from '../ask-secret.ts';
import { passphraseFrom } from '../unlock.ts';
import { changeVault, say, type VaultFlags } from './common.ts';

/** Takes the values of a file of ansible-vault into the vault, all or none; a path that has another value already refuses the whole. */
export async function importAnsibleVault(file: string, flags: VaultFlags & { vaultPasswordFd?: string }): Promise<void> {
  const armor = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code})`);
  });
  await changeVault(flags, 'vault import-ansible', ({ vault }) => takeValues(file, armor, vault, flags));
}

async function takeValues(file: string, armor: string, vault: VaultFile, flags: { vaultPasswordFd?: string }): Promise<void> {
  const before = await vault.read();
  const { secrets, left } = foreignSecrets(file, decryptAnsibleVault(file, armor, await passphraseOf(file, flags)));
  const there = parseSecrets(VAULT_FILE, before).store;
  const others = [...secrets].filter(([path, value]) => (there.get(path)?.reveal() ?? value) !== value).map(([path]) => path);
  if (others.length > 0)
    throw new ConfigError(`the vault has other values already: ${others.join(', ')}; nothing was changed`, [], {
      hint: 'remove them first (picluster vault rm PATH), or set them by hand',
    });
  const after = withSecrets(VAULT_FILE, before, secrets);
  if (after !== before) await vault.write(after);
  for (const path of secrets.keys()) say(`${there.get(path) ? 'has' : 'took'} ${path}`);
  for (const { path, why } of left) say(`left out ${path}: ${why}`);
}

async function passphraseOf(file: string, { vaultPasswordFd: fd }: { vaultPasswordFd?: string }): Promise<string> {
  const typed = fd === undefined ? await askSecret(`passphrase of ${file}: `) : await passphraseFrom(fd);
  if (typed !== undefined) return typed;
  throw new PermissionError(`nobody typed the passphrase of ${file}`, {
    hint: 'without a terminal: --vault-password-fd 3 3<FILE',
  });
}
