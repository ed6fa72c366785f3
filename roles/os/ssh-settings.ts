import type { Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import type { Distribution } from '../distribution.ts';
import type { OsVars } from './vars.ts';

export interface SshSettings {
  /** What `sshd -T` must say afterwards. */
  readonly verified: Readonly<Record<string, string>>;
  /** The operator's own keywords; `sshd -T` prints some of them otherwise than they are written. */
  readonly extra: Readonly<Record<string, string>>;
}

/** Keywords of sshd_config in the drop-in. Throws when they would lock out the login that picluster uses. Pure. */
export function sshSettings(host: Host, ssh: OsVars['ssh'], { hasGssapi }: Distribution): SshSettings {
  const isRoot = host.target.user === 'root';
  const permitRootLogin = ssh.permitRootLogin ?? (isRoot ? 'prohibit-password' : 'no');
  if (isRoot && permitRootLogin === 'no')
    throw new PiclusterError('os.ssh.permitRootLogin: no would lock picluster out, which logs in as root', {
      host: host.name,
      hint: 'log in as somebody else (user: in hosts.yaml), or leave the variable out',
    });
  const verified: Record<string, string> = {
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    PubkeyAuthentication: 'yes',
    PermitEmptyPasswords: 'no',
    // As `sshd -T` prints it; `prohibit-password` is the newer spelling of the same.
    PermitRootLogin: permitRootLogin === 'no' ? 'no' : 'without-password',
    X11Forwarding: 'no',
    ...(hasGssapi ? { GSSAPIAuthentication: 'no' } : {}),
    UseDNS: 'no',
  };
  const own = new Set(Object.keys(ssh.settings).map((keyword) => keyword.toLowerCase()));
  for (const keyword of Object.keys(verified)) if (own.has(keyword.toLowerCase())) delete verified[keyword];
  return { verified, extra: ssh.settings };
}
