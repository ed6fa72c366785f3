import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod } from 'ssh2';
import { agentKeys, agentWithOnly, publicHalfOf } from './agent.ts';
import type { PrivateKeys } from './private-keys.ts';

const DEFAULT_NAMES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export interface IdentityOptions {
  user: string;
  /** Named by the inventory or ssh_config, tried first and in order. */
  identityFiles: readonly string[];
  /** Path of the agent's socket; undefined: none. */
  agent: string | undefined;
  /** Of the agent, only keys that are named as identity files (ssh_config's word). */
  identitiesOnly?: boolean;
  keys: PrivateKeys;
}

export interface Identities {
  methods: AnyAuthMethod[];
  /** What is tried, for the error when nothing helped: `key ~/.ssh/id_ed25519`, `the agent`. */
  tried: string[];
  /** Keys that could not be used, and why. */
  unusable: string[];
  /** Those of them that want a passphrase. */
  locked: string[];
}

/**
 * The ways to log in, in order: named keys, the agent's, then the usual files of ~/.ssh when none was named. A named file that is missing
 * is told, a usual one is not. Passphrases are asked for before the host is dialled, and not for a key that the agent holds; for usual files
 * only when there is nothing else to try.
 */
export async function findIdentities(options: IdentityOptions): Promise<Identities> {
  const { user, identityFiles, agent, keys } = options;
  const found: Identities = { methods: [], tried: [], unusable: [], locked: [] };
  const held = once(() => (agent === undefined ? Promise.resolve(new Set<string>()) : agentKeys(agent)));
  for (const path of identityFiles) {
    const half = await publicHalfOf(path);
    const isHeld = async (): Promise<boolean> => half !== undefined && (await held()).has(half);
    await addKey(found, path, { user, keys, isNamed: true, maySkip: isHeld });
  }
  if (agent !== undefined) {
    const halves = options.identitiesOnly ? await Promise.all(identityFiles.map(publicHalfOf)) : [];
    const shown = options.identitiesOnly ? agentWithOnly(agent, new Set(halves.filter((half) => half !== undefined))) : agent;
    found.methods.push({ type: 'agent', username: user, agent: shown });
    found.tried.push('the agent');
  }
  if (identityFiles.length > 0) return found;
  const usual = DEFAULT_NAMES.map((name) => join(homedir(), '.ssh', name));
  for (const path of usual) await addKey(found, path, { user, keys, isNamed: false, maySkip: async () => true });
  const hasOther = found.tried.some((what) => what !== 'the agent') || (await held()).size > 0;
  if (!hasOther) for (const path of usual) await addKey(found, path, { user, keys, isNamed: false, maySkip: async () => false });
  return found;
}

interface AddOptions {
  user: string;
  keys: PrivateKeys;
  isNamed: boolean;
  /** A key that cannot be used at once may be left out: the agent has it. */
  maySkip(): Promise<boolean>;
}

async function addKey(found: Identities, path: string, { user, keys, isNamed, maySkip }: AddOptions): Promise<void> {
  const file = await keys.read(path);
  if (file === undefined) {
    if (isNamed) found.unusable.push(`key ${path}: no such file`);
    return;
  }
  if (!('key' in file) && (await maySkip())) return;
  const opened = 'lockedText' in file ? await keys.unlock(path, file.lockedText) : file;
  if ('key' in opened) {
    found.methods.push({ type: 'publickey', username: user, key: opened.key });
    found.tried.push(`key ${path}`);
    return;
  }
  found.unusable.push(`key ${path}: ${opened.why}`);
  if ('lockedText' in file) found.locked.push(path);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
