import { join } from 'node:path';
import type { Emit } from '#src/engine/events.ts';
import type { Connect } from '#src/engine/link.ts';
import { askSecret } from './ask-secret.ts';

const askPassphrase = (path: string, attempt: number): Promise<string | undefined> =>
  askSecret(`${attempt > 1 ? 'wrong; ' : ''}passphrase of ${path}: `);

/** Logs in over SSH with the cluster's own known_hosts; keys trusted on first use are said aloud. The SSH library is loaded by the first login. */
export function connector(stateDirectory: string, emit: Emit): Connect {
  const transport = import('#src/transport/ssh.ts');
  const knownHosts = import('#src/transport/known-hosts.ts').then(({ KnownHosts }) =>
    KnownHosts.open(join(stateDirectory, 'known_hosts')),
  );
  const keys = import('#src/transport/private-keys.ts').then(({ PrivateKeys }) => new PrivateKeys(askPassphrase));
  const jumps = import('#src/transport/jump-hosts.ts').then(({ JumpHosts }) => new JumpHosts());
  const sshConfig = import('#src/transport/ssh-config-file.ts').then(({ readSshConfig }) => readSshConfig());
  return async (target, { signal }) => {
    const { connect } = await transport;
    return connect(target, {
      signal,
      knownHosts: await knownHosts,
      keys: await keys,
      jumps: await jumps,
      sshConfig: await sshConfig,
      onWarning: (text) => emit({ type: 'warning', text }),
      onHostKey: ({ host, fingerprint }) => emit({ type: 'host.key.trusted', host, fingerprint }),
    });
  };
}
