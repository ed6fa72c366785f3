import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from './identity.ts';
import { run } from './run.ts';
import { type LabState, writeAside } from './state.ts';

async function generate(file: string, type: string, comment: string): Promise<void> {
  const aside = `${file}.new`;
  await rm(aside, { force: true });
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', comment, '-f', aside]);
  await rename(`${aside}.pub`, `${file}.pub`);
  await rename(aside, file);
}

/** The key that opens all nodes of the lab, made once. Returns its public half. */
export async function ensureLabKey(lab: Lab): Promise<string> {
  await mkdir(lab.localDir, { recursive: true, mode: 0o700 });
  await chmod(lab.localDir, 0o700);
  const known = await readFile(lab.local('key'), 'utf8').catch(() => undefined);
  if (known === undefined) await generate(lab.local('key'), 'ed25519', lab.mark);
  return (await readFile(lab.local('key.pub'), 'utf8')).trim();
}

/** A node's own host keys, in `directory`. Returns the ed25519 public key without its comment. */
export async function makeHostKeys(directory: string, node: string): Promise<string> {
  for (const type of ['ed25519', 'ecdsa']) await generate(join(directory, `ssh_host_${type}_key`), type, `root@${node}`);
  const line = await readFile(join(directory, 'ssh_host_ed25519_key.pub'), 'utf8');
  return line.split(' ').slice(0, 2).join(' ');
}

/** As `ssh-keygen -l` prints it: `SHA256:` and unpadded base64. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** `ssh -F .lab/ssh_config n1` for people, and the known hosts it believes. */
export async function writeSshFiles(lab: Lab, state: LabState): Promise<void> {
  const known = state.nodes.map((node) => `${node.name},${node.address} ${node.publicHostKey}\n`).join('');
  await writeAside(lab.local('known_hosts'), known, 0o600);
  const hosts = state.nodes.map((node) => `Host ${node.name}\n  HostName ${node.address}\n  User ${node.user}\n`).join('');
  await writeAside(lab.local('ssh_config'), `${hosts}${commonSshSettings(lab)}`, 0o600);
}

function commonSshSettings(lab: Lab): string {
  return `Host *
  IdentityFile "${lab.local('key')}"
  IdentitiesOnly yes
  UserKnownHostsFile "${lab.local('known_hosts')}"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  HostKeyAlgorithms ssh-ed25519
  BatchMode yes
  ConnectTimeout 5
  ServerAliveInterval 5
  LogLevel ERROR
`;
}
