import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, UsageError } from '#src/errors.ts';
import { parseSecrets } from './file.ts';
import { decrypt } from './openpgp/decrypt.ts';
import { encryptTo } from './openpgp/encrypt.ts';
import { type Recipient, readRecipients } from './openpgp/recipients.ts';
import type { Unlock } from './openpgp/unlock.ts';
import { VAULT_FILE } from './read.ts';
import { writeAside } from './write-aside.ts';

/** The vault of a cluster directory: one encrypted YAML document. Its plain text is held in memory only. */
export class VaultFile {
  readonly #directory: string;
  readonly #unlock: Unlock;

  constructor(directory: string, unlock: Unlock) {
    this.#directory = directory;
    this.#unlock = unlock;
  }

  get path(): string {
    return join(this.#directory, VAULT_FILE);
  }

  /** Its armour; undefined when there is none. */
  async armor(): Promise<string | undefined> {
    return await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new ConfigError(`${this.path} cannot be read (${error.code})`);
    });
  }

  /** Its plain text. Throws UsageError when there is no vault, ConfigError and PermissionError when it cannot be decrypted. */
  async read(): Promise<string> {
    const armor = await this.armor();
    if (armor === undefined)
      throw new UsageError(`there is no ${VAULT_FILE} in ${this.#directory}`, { hint: 'make one with: picluster vault init' });
    return (await decrypt(VAULT_FILE, armor, this.#unlock)).toString('utf8');
  }

  /** Encrypts a text to the recipients of the directory, or those given, and replaces the file. Throws ConfigError for a text that is no map of secrets. */
  async write(text: string, recipients?: readonly Recipient[]): Promise<void> {
    const { mistakes } = parseSecrets(VAULT_FILE, text);
    if (mistakes.length > 0) throw new ConfigError(`this is not what ${VAULT_FILE} may hold; nothing was written`, mistakes);
    await writeAside(this.path, await encryptTo(recipients ?? (await readRecipients(this.#directory)), Buffer.from(text)));
  }
}
