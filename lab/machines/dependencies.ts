import { access } from 'node:fs/promises';
import { PermissionError } from '#src/errors.ts';
import { run } from './run.ts';

/** A program the lab needs on this machine, and the Debian package that brings it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  iptables: 'iptables',
  ip: 'iproute2',
  git: 'git',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  flock: 'util-linux',
  nsenter: 'util-linux',
};

async function isInstalled(program: string): Promise<boolean> {
  const directories = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':').filter(Boolean);
  for (const directory of directories) {
    const found = await access(`${directory}/${program}`).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** Installs the Debian packages the lab needs on this machine and that are missing. Throws PermissionError when not root. */
export const installDependencies = (options: InstallOptions): Promise<void> => installPrograms(PROGRAMS, options);

export interface InstallOptions {
  say(line: string): void;
  signal?: AbortSignal | undefined;
}

/** The same for any programs, each with the Debian package that brings it. */
export async function installPrograms(programs: Readonly<Record<string, string>>, options: InstallOptions): Promise<void> {
  if (process.getuid?.() !== 0) throw new PermissionError('the lab needs root on this machine', { hint: 'Run it with sudo.' });
  const missing = new Set<string>();
  for (const [program, debian] of Object.entries(programs)) if (!(await isInstalled(program))) missing.add(debian);
  if (missing.size === 0) return;
  options.say(`installing on this machine: ${[...missing].join(' ')}`);
  const apt = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000, signal: options.signal };
  await run('apt-get', ['-q', 'update'], apt);
  await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...missing], apt);
}
