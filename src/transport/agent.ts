import { readFile } from 'node:fs/promises';
import ssh2, { type BaseAgent, type IdentityCallback, type ParsedKey } from 'ssh2';

/** Base64 of the public keys that the agent holds; none when it does not answer. */
export function agentKeys(socket: string): Promise<ReadonlySet<string>> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys = []) => resolve(new Set(error ? [] : keys.flatMap(publicHalf))));
  });
}

/** The agent, showing only certain keys. A server counts every key that is tried. */
export function agentWithOnly(socket: string, shown: ReadonlySet<string>): BaseAgent<ParsedKey> {
  return new (class extends ssh2.OpenSSHAgent {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      super.getIdentities((error, keys = []) =>
        callback(
          error,
          keys.filter((key) => publicHalf(key).some((half) => shown.has(half))),
        ),
      );
    }
  })(socket);
}

const publicHalf = (key: object): string[] =>
  'getPublicSSH' in key ? [(key as ParsedKey).getPublicSSH().toString('base64')] : [];

/** The public half of a key file as it lies beside it, or in it when that is all it holds: base64. Undefined when there is none. */
export async function publicHalfOf(path: string): Promise<string | undefined> {
  const key = ssh2.utils.parseKey(await readFile(path.endsWith('.pub') ? path : `${path}.pub`, 'utf8').catch(() => ''));
  return key instanceof Error ? undefined : key.getPublicSSH().toString('base64');
}
