import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mistake } from '#src/errors.ts';
import { parseSecrets, readSecretsFile, type SecretsRead } from './file.ts';
import { decrypt } from './openpgp/decrypt.ts';
import type { Unlock } from './openpgp/unlock.ts';
import { sealedStore } from './sealed.ts';
import type { Secret } from './secret.ts';
import { type SecretStore, secretStore } from './store.ts';

/** Secrets in clear, mode 0600, outside of git. */
export const PLAIN_FILE = 'secrets.yaml';
/** Secrets as an armoured OpenPGP message, in git. */
export const VAULT_FILE = 'secrets.yaml.asc';

/**
 * The secrets of a cluster directory: of the vault, of the plain file, or of both when no path stands in both. Without `unlock` the vault
 * stays closed. Throws ConfigError and PermissionError when it cannot be decrypted; everything else is a mistake.
 */
export async function readSecrets(directory: string, unlock: Unlock | undefined): Promise<SecretsRead> {
  const plain = await readSecretsFile(join(directory, PLAIN_FILE), PLAIN_FILE);
  const read = await readVaultText(directory);
  if (read === undefined) return plain;
  if (typeof read === 'object') return { store: plain.store, mistakes: [...plain.mistakes, read] };
  if (!unlock) return { store: sealedStore(VAULT_FILE, plain.store), mistakes: plain.mistakes };
  const vault = parseSecrets(VAULT_FILE, (await decrypt(VAULT_FILE, read, unlock)).toString('utf8'));
  return both(vault, plain);
}

async function readVaultText(directory: string): Promise<string | Mistake | undefined> {
  try {
    return await readFile(join(directory, VAULT_FILE), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    return { file: VAULT_FILE, line: 1, column: 1, path: '', message: `cannot be read (${code})` };
  }
}

function both(vault: SecretsRead, plain: SecretsRead): SecretsRead {
  const twice = plain.store.paths().filter((path) => vault.store.get(path) !== undefined);
  const mistakes = twice.map((path) => ({
    file: PLAIN_FILE,
    line: 1,
    column: 1,
    path,
    message: `stands in ${VAULT_FILE}, too: keep one of them`,
  }));
  const stores = [vault.store, plain.store];
  const secrets = stores.flatMap((store) => store.all().filter((secret) => isNamed(store, secret)));
  const rotated = stores.flatMap((store) => store.all().filter((secret) => !isNamed(store, secret)));
  return {
    store: secretStore(VAULT_FILE, new Map(secrets.map((secret) => [secret.label, secret])), rotated),
    mistakes: [...vault.mistakes, ...plain.mistakes, ...mistakes],
  };
}

const isNamed = (store: SecretStore, secret: Secret): boolean => store.get(secret.label) === secret;
