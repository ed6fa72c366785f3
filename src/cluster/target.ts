import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { SecretStore } from '#src/secrets/store.ts';
import type { Become, Target } from '#src/transport/connection.ts';
import type { SshSettings } from './schema.ts';

export type HostSettings = SshSettings & { address: string; hostKey?: string | string[] | undefined };

const DEFAULT_TIMEOUT_S = 20;

/** How a host is reached. `user` is who logs in when the inventory does not say. */
export function targetOf(
  name: string,
  settings: HostSettings,
  options: { user: string; directory: string; secrets: SecretStore },
): Target {
  const { address, user, port, hostKey, identityFile, become, connectTimeout } = settings;
  return {
    name,
    address,
    port: port ?? 22,
    user: user ?? options.user,
    become: becomeOf(become, options.secrets),
    hostKeys: [hostKey ?? []].flat(),
    identityFiles: [identityFile ?? []].flat().map((file) => resolve(options.directory, file.replace(/^~(?=\/|$)/, homedir()))),
    connectTimeoutMs: (connectTimeout ?? DEFAULT_TIMEOUT_S) * 1000,
  };
}

function becomeOf(setting: SshSettings['become'], secrets: SecretStore): Become {
  const { method, passwordSecret } =
    typeof setting === 'string' ? { method: setting, passwordSecret: undefined } : (setting ?? { method: 'none' as const });
  if (method === 'none') return { method };
  const password = passwordSecret === undefined ? undefined : secrets.get(passwordSecret);
  return { method, ...(password && { password }) };
}
