import { readFile } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';

/** Passphrase of a key file; `attempt` counts from 1. Undefined: there is nobody to ask. */
export type AskPassphrase = (path: string, attempt: number) => Promise<string | undefined>;

/** A key file: its key, that it wants a passphrase, or why it cannot be used; undefined: there is no such file. */
export type KeyFile = { key: ParsedKey } | { lockedText: string } | { why: string } | undefined;

const MAX_ATTEMPTS = 3;

/** The operator's private keys, each read once a run and asked for once, however many hosts want it at the same time. */
export class PrivateKeys {
  readonly #ask: AskPassphrase | undefined;
  readonly #files = new Map<string, Promise<KeyFile>>();
  readonly #unlocked = new Map<string, Promise<{ key: ParsedKey } | { why: string }>>();

  constructor(ask?: AskPassphrase) {
    this.#ask = ask;
  }

  read(path: string): Promise<KeyFile> {
    return remember(this.#files, path, () => readKey(path));
  }

  /** Asks for the passphrase, again while it is wrong. */
  unlock(path: string, lockedText: string): Promise<{ key: ParsedKey } | { why: string }> {
    return remember(this.#unlocked, path, () => this.#unlock(path, lockedText));
  }

  async #unlock(path: string, lockedText: string): Promise<{ key: ParsedKey } | { why: string }> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const passphrase = await this.#ask?.(path, attempt);
      if (passphrase === undefined) return { why: `it is protected by a passphrase (load it into the agent: ssh-add ${path})` };
      const key = ssh2.utils.parseKey(lockedText, passphrase);
      if (!(key instanceof Error)) return { key: firstOf(key) };
    }
    return { why: `the passphrase was wrong ${MAX_ATTEMPTS} times` };
  }
}

function remember<T>(known: Map<string, Promise<T>>, path: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(path) ?? make();
  known.set(path, made);
  return made;
}

async function readKey(path: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : { why: message };
  }
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) return /encrypted|passphrase/i.test(key.message) ? { lockedText: text } : { why: key.message };
  return firstOf(key).isPrivateKey()
    ? { key: firstOf(key) }
    : { why: 'it is a public key, and no agent offers its private half' };
}

const firstOf = (key: ParsedKey | ParsedKey[]): ParsedKey => (Array.isArray(key) ? key[0]! : key);
