import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mistake } from '#src/errors.ts';
import { parseSecrets, readSecretsFile, type SecretsRead } from './file.ts';
import { decrypt } from './openpgp/decrypt.ts';
import type { Unlock } from './openpgp/unlock.ts';
import { sealedStore } from './sealed.ts';
import { layeredStore } from './store.ts';

/** Secrets in clear, mode 0600, outside of git. */
export const PLAIN_FILE = 'secrets.yaml';
/** Secrets as an armoured OpenPGP message, in git. */
export const VAULT_FILE = 'secrets.yaml.asc';

/** Secrets in clear and the vault beside them, which is still closed. */
export interface FoundSecrets {
  /** Of the vault, for messages: `group_vars/all.secrets.yaml.asc`. */
  readonly vaultFile: string;
  /** Armour of the vault; undefined: there is none. */
  readonly armor: string | undefined;
  readonly plain: SecretsRead;
}

/** Finds secrets in a directory: a plain file (`secrets.yaml`), and the vault of that name with `.asc`. */
export async function findSecrets(directory: string, plainFile = PLAIN_FILE): Promise<FoundSecrets> {
  const vaultFile = `${plainFile}.asc`;
  const plain = await readSecretsFile(join(directory, plainFile), plainFile);
  const read = await readVaultText(directory, vaultFile);
  if (typeof read !== 'object') return { vaultFile, armor: read, plain };
  return { vaultFile, armor: undefined, plain: { store: plain.store, mistakes: [...plain.mistakes, read] } };
}

/** Without a key: what is in clear, and a vault that stays closed. */
export const closedSecrets = ({ vaultFile, armor, plain }: FoundSecrets): SecretsRead =>
  armor === undefined ? plain : { store: sealedStore(vaultFile, plain.store), mistakes: plain.mistakes };

/** Of the vault, of the plain file, or of both when no path stands in both. Throws ConfigError and PermissionError when the vault cannot be decrypted. */
export async function openSecrets({ vaultFile, armor, plain }: FoundSecrets, unlock: Unlock): Promise<SecretsRead> {
  if (armor === undefined) return plain;
  return both(parseSecrets(vaultFile, (await decrypt(vaultFile, armor, unlock)).toString('utf8')), plain);
}

/**
 * The secrets of a cluster directory that every host may use. Without `unlock` the vault stays closed. Throws ConfigError and PermissionError
 * when it cannot be decrypted; everything else is a mistake.
 */
export async function readSecrets(directory: string, unlock: Unlock | undefined): Promise<SecretsRead> {
  const found = await findSecrets(directory);
  return unlock ? await openSecrets(found, unlock) : closedSecrets(found);
}

async function readVaultText(directory: string, vaultFile: string): Promise<string | Mistake | undefined> {
  try {
    return await readFile(join(directory, vaultFile), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    return { file: vaultFile, line: 1, column: 1, path: '', message: `cannot be read (${code})` };
  }
}

function both(vault: SecretsRead, plain: SecretsRead): SecretsRead {
  const twice = plain.store.paths().filter((path) => vault.store.get(path) !== undefined);
  const mistakes = twice.map((path) => ({
    ...(plain.store.placeOf(path) ?? { file: plain.store.name, line: 1, column: 1 }),
    path,
    message: `stands in ${vault.store.name}, too: keep one of them`,
  }));
  const store = { ...layeredStore([vault.store, plain.store]), name: vault.store.name };
  return { store, mistakes: [...vault.mistakes, ...plain.mistakes, ...mistakes] };
}
