import { join } from 'node:path';
import { ConfigError } from '#src/errors.ts';
import { parseSecrets, readSecretsFile } from '#src/secrets/file.ts';
import { PLAIN_FILE, VAULT_FILE } from '#src/secrets/read.ts';

export interface PresentSecrets {
  /** From the vault, or from the plain file beside it. */
  value(path: string): string | undefined;
  inVault(path: string): string | undefined;
}

/** What the cluster has already; `text` is the vault's. Throws ConfigError with what is wrong in either file. */
export async function presentSecrets(directory: string, text: string): Promise<PresentSecrets> {
  const plain = await readSecretsFile(join(directory, PLAIN_FILE), PLAIN_FILE);
  const vault = parseSecrets(VAULT_FILE, text);
  const mistakes = [...vault.mistakes, ...plain.mistakes];
  if (mistakes.length > 0) throw new ConfigError('the secrets cannot be read; nothing was changed', mistakes);
  const inVault = (path: string) => vault.store.get(path)?.reveal();
  return { inVault, value: (path) => inVault(path) ?? plain.store.get(path)?.reveal() };
}
