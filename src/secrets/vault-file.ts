import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, LockedError, type Mistake, UsageError } from '#src/errors.ts';
import { parseYaml } from '#src/yaml/source.ts';
import { parseSecrets } from './file.ts';
import { openedBy } from './openpgp/armor.ts';
import { decrypt } from './openpgp/decrypt.ts';
import { encryptSymmetric, encryptTo } from './openpgp/encrypt.ts';
import { passphraseOf } from './openpgp/private-key.ts';
import { type Recipient, readRecipients } from './openpgp/recipients.ts';
import type { Unlock } from './openpgp/unlock.ts';
import { VAULT_FILE } from './read.ts';
import { writeAside } from './write-aside.ts';

/** A vault file of a cluster directory: one encrypted YAML document. Its plain text is held in memory only. */
export class VaultFile {
  readonly #directory: string;
  readonly #unlock: Unlock;
  /** Relative to the cluster directory. */
  readonly name: string;
  #seen: string | undefined;

  constructor(directory: string, unlock: Unlock, name: string = VAULT_FILE) {
    this.#directory = directory;
    this.#unlock = unlock;
    this.name = name;
  }

  get path(): string {
    return join(this.#directory, this.name);
  }

  /** Its armour; undefined when there is none. */
  async armor(): Promise<string | undefined> {
    return await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new ConfigError(`${this.path} cannot be read (${error.code})`);
    });
  }

  /** Its armour. Throws UsageError when there is none. */
  async mustExist(): Promise<string> {
    const armor = await this.armor();
    if (armor !== undefined) return armor;
    throw new UsageError(`there is no ${this.name} in ${this.#directory}`, { hint: 'make one with: picluster vault init' });
  }

  /** Its plain text. Throws UsageError when there is no such file, ConfigError and PermissionError when it cannot be decrypted. */
  async read(): Promise<string> {
    this.#seen = await this.mustExist();
    const plain = await decrypt(this.name, this.#seen, this.#unlock);
    if (!isUtf8(plain))
      throw new ConfigError(`${this.name} does not hold text`, [], { hint: 'picluster vault decrypt makes a file of it' });
    return plain.toString('utf8');
  }

  /**
   * Encrypts a text to the recipients of the directory, or those given, and replaces the file. Throws ConfigError for a text that is no map of
   * secrets, LockedError when the file is not the one that was read: git or an editor may have changed it.
   */
  async write(text: string, recipients?: readonly Recipient[]): Promise<void> {
    const mistakes = mistakesIn(this.name, text);
    if (mistakes.length > 0) throw new ConfigError(`this is not what ${this.name} may hold; nothing was written`, mistakes);
    const armor = await this.#encrypted(Buffer.from(text), recipients);
    if ((await this.armor()) !== this.#seen)
      throw new LockedError(`${this.name} was changed by somebody else since it was read; nothing was written`, {
        hint: 'look at it (git log, git diff), then do it again',
      });
    await writeAside(this.path, armor);
    this.#seen = armor;
  }

  /** What a passphrase opened is opened by the same one again. */
  async #encrypted(plain: Buffer, recipients?: readonly Recipient[]): Promise<string> {
    if (this.#seen === undefined || openedBy(this.name, this.#seen) === 'key')
      return await encryptTo(recipients ?? (await readRecipients(this.#directory)), plain);
    return await encryptSymmetric(await passphraseOf(this.name, this.#unlock), plain);
  }
}

/** What keeps a text from being the contents of a file of this name: files of secrets are maps of text, other YAML must be readable. Pure. */
export function mistakesIn(name: string, text: string): readonly Mistake[] {
  if (/(?:^|[/.])secrets\.yaml\.asc$/.test(name)) return parseSecrets(name, text).mistakes;
  return /\.ya?ml(?:\.asc)?$/.test(name) ? parseYaml(name, text, { isSecret: true }).mistakes : [];
}
