import { randomBytes } from 'node:crypto';
import { chmod, chown, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageName } from './config.ts';
import type { Lab } from './identity.ts';
import { fingerprint, makeHostKeys } from './keys.ts';

export interface NewNode {
  name: string;
  image: ImageName;
  address: string;
  gateway: string;
  /** The lab's public key, one line. */
  authorizedKey: string;
  /** Cache of Debian packages to start with. */
  debs: string;
}

const NETWORK = {
  debian: {
    directories: ['etc/systemd', 'etc/systemd/network'],
    // before nspawn's own 80-container-host0.network
    files: ({ address, gateway }: NewNode) => ({
      'etc/systemd/network/10-lab.network': `[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\nGateway=${gateway}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`,
    }),
  },
  openrc: {
    directories: ['etc/lab'],
    files: ({ address, gateway }: NewNode) => ({
      'etc/lab/network': `${address}/24 ${gateway}\n`,
    }),
  },
};

/** Uid and gid of `admin` in the base image. */
const ADMIN = 1000;

/** The disk of a blank machine: an upper layer with what is its own. Complete or not there at all. Returns its public host key. */
export async function makeDisk(lab: Lab, node: NewNode): Promise<{ hostKey: string; publicHostKey: string }> {
  const directory = lab.nodeDir(node.name);
  const aside = `${directory}.new`;
  await rm(aside, { recursive: true, force: true });
  for (const part of ['work', 'root', 'rancher']) await mkdir(join(aside, part), { recursive: true });
  const upper = join(aside, 'upper');
  await directories(upper, [
    '',
    'etc',
    'etc/ssh',
    ...NETWORK[node.image].directories,
    'home',
    'var',
    'var/cache',
    'var/cache/apt',
  ]);
  await directories(upper, ['var/cache/apt/archives']);
  await authorize(upper, 'root', 0, node.authorizedKey);
  await authorize(upper, 'home/admin', ADMIN, node.authorizedKey);
  for (const [file, text] of Object.entries(ownFiles(node, await nameServers())))
    await writeFile(join(upper, file), text, { mode: 0o644 });
  const publicHostKey = await makeHostKeys(join(upper, 'etc/ssh'), node.name);
  await seedPackages(node.debs, join(upper, 'var/cache/apt/archives'));
  // there is no record of it: left by a run that was killed before it wrote one
  await rm(directory, { recursive: true, force: true });
  await rename(aside, directory);
  return { hostKey: fingerprint(publicHostKey), publicHostKey };
}

function ownFiles(node: NewNode, resolvConf: string): Record<string, string> {
  return {
    'etc/hostname': `${node.name}\n`,
    'etc/machine-id': `${randomBytes(16).toString('hex')}\n`,
    'etc/hosts': `127.0.0.1\tlocalhost\n127.0.1.1\t${node.name}\n::1\tlocalhost ip6-localhost ip6-loopback\n`,
    'etc/resolv.conf': resolvConf,
    ...NETWORK[node.image].files(node),
  };
}

/** A stub resolver on this machine's loopback is no use to a node: take the servers behind it. */
async function nameServers(): Promise<string> {
  const own = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  if (!/^nameserver\s+127\./m.test(own)) return own;
  return await readFile('/run/systemd/resolve/resolv.conf', 'utf8').catch(() => own);
}

async function directories(root: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(root, name), { recursive: true });
    await chmod(join(root, name), 0o755);
  }
}

async function authorize(upper: string, home: string, owner: number, key: string): Promise<void> {
  const ssh = join(upper, home, '.ssh');
  await mkdir(ssh, { recursive: true });
  await writeFile(join(ssh, 'authorized_keys'), `${key}\n`, { mode: 0o600 });
  for (const path of [join(upper, home), ssh]) await chmod(path, 0o700);
  for (const path of [join(upper, home), ssh, join(ssh, 'authorized_keys')]) await chown(path, owner, owner);
}

/** Packages that another node has downloaded need no second download. */
async function seedPackages(cache: string, archives: string): Promise<void> {
  for (const name of await readdir(cache).catch(() => [])) {
    if (name.endsWith('.deb')) await copyFile(join(cache, name), join(archives, name));
  }
}
