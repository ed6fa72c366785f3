import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Secret } from '#src/secrets/secret.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import type { AskedPassword, Become, Target } from '#src/transport/connection.ts';
import type { SshSettings } from './schema.ts';

export type HostSettings = SshSettings & { address: string; hostKey?: string | string[] | undefined };

const DEFAULT_TIMEOUT_S = 20;

/** How a host is reached. `user` is who logs in when the inventory does not say. */
export function targetOf(
  name: string,
  settings: HostSettings,
  options: { user: string; directory: string; secrets: SecretStore; asked?: AskedBecome | undefined },
): Target {
  const { address, user, port, hostKey, identityFile, become, connectTimeout } = settings;
  return {
    name,
    address,
    port: port ?? 22,
    user: user ?? options.user,
    become: becomeOf(become, options.secrets, options.asked),
    hostKeys: [hostKey ?? []].flat(),
    identityFiles: [identityFile ?? []].flat().map((file) => resolve(options.directory, file.replace(/^~(?=\/|$)/, homedir()))),
    connectTimeoutMs: (connectTimeout ?? DEFAULT_TIMEOUT_S) * 1000,
  };
}

/** Who types become passwords, and whether also for hosts that do not say so: --ask-become-pass. */
export interface AskedBecome {
  readonly password: AskedPassword;
  readonly isForAll: boolean;
}

function becomeOf(setting: SshSettings['become'], secrets: SecretStore, asked: AskedBecome | undefined): Become {
  const given = typeof setting === 'string' ? { method: setting } : (setting ?? { method: 'none' as const });
  const { method, passwordSecret, password: word }: Exclude<SshSettings['become'], string | undefined> = given;
  if (method === 'none') return { method };
  if (word instanceof Secret) return { method, password: word };
  const isAsked = passwordSecret === undefined && (word === 'ask' || asked?.isForAll);
  const password = isAsked ? asked?.password : passwordSecret === undefined ? undefined : secrets.get(passwordSecret);
  return { method, ...(password && { password }) };
}
