import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AnyAuthMethod, type BaseAgent, type IdentityCallback, type ParsedKey } from 'ssh2';

const DEFAULT_NAMES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export interface IdentityOptions {
  user: string;
  /** Named by the inventory or ssh_config, tried first and in order. */
  identityFiles: readonly string[];
  /** Path of the agent's socket; undefined: none. */
  agent: string | undefined;
  /** Of the agent, only keys that are named as identity files (ssh_config's word). */
  identitiesOnly?: boolean;
  askPassphrase?: ((path: string) => Promise<string | undefined>) | undefined;
}

export interface Identities {
  methods: AnyAuthMethod[];
  /** What is tried, for the error when nothing helped: `key ~/.ssh/id_ed25519`, `agent (2 keys)`. */
  tried: string[];
  /** Keys that could not be used, and why. */
  unusable: string[];
}

/**
 * The ways to log in, in order: named keys, the agent's, then the usual files of ~/.ssh when none was named.
 * Reads each file once; a named file that is missing is told, a usual one is not.
 */
export async function findIdentities(options: IdentityOptions): Promise<Identities> {
  const found: Identities = { methods: [], tried: [], unusable: [] };
  for (const path of options.identityFiles) await addKey(found, path, options, true);
  if (options.agent !== undefined) {
    const agent = options.identitiesOnly ? await onlyNamed(options.agent, options.identityFiles) : options.agent;
    found.methods.push({ type: 'agent', username: options.user, agent });
    found.tried.push('the agent');
  }
  if (options.identityFiles.length === 0) {
    for (const name of DEFAULT_NAMES) await addKey(found, join(homedir(), '.ssh', name), options, false);
  }
  return found;
}

async function addKey(found: Identities, path: string, options: IdentityOptions, isNamed: boolean): Promise<void> {
  const key = await readKey(path, options);
  if (key === undefined && !isNamed) return;
  if (key === undefined || typeof key === 'string') {
    found.unusable.push(`key ${path}: ${key ?? 'no such file'}`);
    return;
  }
  found.methods.push({ type: 'publickey', username: options.user, key });
  found.tried.push(`key ${path}`);
}

/** The agent, showing only the keys whose public halves lie beside the named files. A server counts every key that is tried. */
async function onlyNamed(socket: string, files: readonly string[]): Promise<BaseAgent<ParsedKey>> {
  const named = new Set<string>();
  for (const file of files) {
    const key = ssh2.utils.parseKey(await readFile(`${file}.pub`, 'utf8').catch(() => ''));
    if (!(key instanceof Error)) named.add(key.getPublicSSH().toString('base64'));
  }
  return new (class extends ssh2.OpenSSHAgent {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      super.getIdentities((error, keys = []) => {
        const shown = keys.filter((key) => 'getPublicSSH' in key && named.has(key.getPublicSSH().toString('base64')));
        callback(error, shown);
      });
    }
  })(socket);
}

/** The key, why it cannot be used, or undefined when there is no such file. */
async function readKey(path: string, { askPassphrase }: IdentityOptions): Promise<ParsedKey | string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : message;
  }
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error)) return firstOf(key);
  if (!/encrypted|passphrase/i.test(key.message)) return key.message;
  const passphrase = await askPassphrase?.(path);
  if (passphrase === undefined) return 'it is protected by a passphrase (load it into the agent: ssh-add)';
  const opened = ssh2.utils.parseKey(text, passphrase);
  return opened instanceof Error ? 'the passphrase is wrong' : firstOf(opened);
}

const firstOf = (key: ParsedKey | ParsedKey[]): ParsedKey | undefined => (Array.isArray(key) ? key[0] : key);
