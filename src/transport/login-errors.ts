import { showEndpoint } from '#src/endpoint.ts';
import { HostKeyError, HostLostError, PermissionError } from '#src/errors.ts';
import type { Target } from './connection.ts';
import { fingerprint, keyType } from './host-key.ts';
import type { Identities } from './identities.ts';
import type { KnownHosts } from './known-hosts.ts';

export interface RefusedKeys {
  keys: readonly Buffer[];
  expected: readonly string[];
  source: 'pinned' | 'known';
}

/** The host offered keys that are none of those we expect. */
export function keyMismatch(
  { name, address, port }: Target,
  knownHosts: KnownHosts,
  { keys, expected, source }: RefusedKeys,
): HostKeyError {
  const isPinned = source === 'pinned';
  const where = isPinned ? 'the inventory (hostKey)' : knownHosts.path;
  return new HostKeyError(`${name} at ${showEndpoint(address, port)} does not have the host key that we know`, {
    host: name,
    output: [
      ...keys.map((key) => `offered:  ${fingerprint(key)} (${keyType(key)})`),
      ...expected.map((wanted) => `expected: ${wanted} (${where})`),
    ].join('\n'),
    hint: isPinned
      ? 'if the machine was installed anew, put its new fingerprint into hosts.yaml; else somebody is in between'
      : `if the machine was installed anew: picluster host-keys rotate ${name}; else somebody is in between`,
  });
}

/** What ended the handshake: a refused login is PermissionError, everything else a lost host. */
export function loginError(target: Target, { tried, unusable, locked }: Identities, error: Error & { level?: string }): Error {
  const { name, user, address, port } = target;
  if (error.level === 'client-authentication') {
    return new PermissionError(`${name} does not let ${user} in (${user}@${showEndpoint(address, port)})`, {
      host: name,
      output: [...tried.map((what) => `tried ${what}`), ...unusable].join('\n') || 'there was no key to try, and no agent',
      hint: locked[0]
        ? `run this at a terminal that can ask for the passphrase, or load the key into an agent first: ssh-add ${locked[0]}`
        : `add a key of yours to ~${user}/.ssh/authorized_keys on ${name}, or name the right user or key in hosts.yaml`,
      cause: error,
    });
  }
  return new HostLostError(`lost ${name} at ${showEndpoint(address, port)} while logging in: ${error.message}`, {
    host: name,
    hint: 'is an SSH server listening there, and the machine not just booting or shutting down?',
    cause: error,
  });
}
