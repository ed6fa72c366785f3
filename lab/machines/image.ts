import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.ts';
import { run } from './run.ts';

const HERE = fileURLToPath(new URL('image/', import.meta.url));
const SUITE = 'bookworm';
const MIRRORS = [
  `deb http://deb.debian.org/debian ${SUITE} main`,
  `deb http://deb.debian.org/debian ${SUITE}-updates main`,
  `deb http://deb.debian.org/debian-security ${SUITE}-security main`,
];
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

const PACKAGES = [
  // a Debian that can be logged in to
  'systemd systemd-sysv dbus libpam-systemd openssh-server sudo ca-certificates curl tzdata locales',
  'iproute2 iptables iputils-ping netbase kmod procps',
  // what K3s brings in its binary, and the lab's does not
  'containerd runc containernetworking-plugins conntrack ethtool socat',
].flatMap((line) => line.split(' '));

export function cacheRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'picluster-lab');
}

/** Where nodes keep the Debian packages they downloaded. */
export async function debsCache(): Promise<string> {
  const directory = join(cacheRoot(), 'debs', SUITE);
  await mkdir(directory, { recursive: true });
  return directory;
}

/** How apt on this machine reaches its mirrors, from `apt-config dump` and the environment: proxies, and leniency about dates. */
export function aptTransport(dump: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const settings = dump
    .split('\n')
    .filter((line) =>
      /^Acquire::(https?::(Proxy|Timeout)|Check-Date|Check-Valid-Until|ForceIPv[46]|Retries)\b.* ".+";$/.test(line),
    );
  for (const scheme of ['http', 'https']) {
    const proxy = env[`${scheme}_proxy`];
    const key = `Acquire::${scheme}::Proxy`;
    if (proxy && !settings.some((line) => line.startsWith(`${key} `))) settings.push(`${key} "${proxy}";`);
  }
  return settings;
}

/** This machine's own mirrors of the suite, from `apt-get indextargets`; Debian's when it has none (another release, another distribution). */
export function debianMirrors(targets: string): string[] {
  const lines = targets
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(
      ([uri, release, component]) =>
        uri?.startsWith('http') && component === 'main' && new RegExp(`^${SUITE}(-updates|-security)?$`).test(release ?? ''),
    )
    .map(([uri, release]) => `deb ${uri} ${release} main`);
  return lines.some((line) => line.includes(` ${SUITE} `)) ? [...new Set(lines)] : MIRRORS;
}

/** The root file system that all nodes' disks lie on, made once per machine and content. */
export async function baseImage(options: { say(line: string): void; signal?: AbortSignal | undefined }): Promise<string> {
  const { signal } = options;
  const settings = aptTransport(await run('apt-config', ['dump'], { signal }), process.env);
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const mirrors = debianMirrors(
    await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { signal }).catch(() => ''),
  );
  const authorities = await readFile(AUTHORITIES).catch(() => Buffer.alloc(0));
  const inputs = [SUITE, ...PACKAGES, ...settings, ...mirrors, digest(authorities), await digestOf(HERE)];
  return await cached('base', inputs, async (directory) => {
    options.say(`building the machines' base image (Debian ${SUITE}; about half a minute)`);
    const hook = `${HERE}customize.sh "$1" ${HERE.replace(/\/$/, '')} ${AUTHORITIES}`;
    const args = [
      '--mode=root',
      '--variant=minbase',
      '--skip=cleanup/apt/lists',
      `--include=${PACKAGES.join(',')}`,
      `--customize-hook=${hook}`,
    ];
    const root = join(directory, 'root');
    await run('mmdebstrap', [...args, ...settings.map((line) => `--aptopt=${line}`), SUITE, root, ...mirrors], {
      signal,
      timeout: 580_000,
    });
  });
}

const digest = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');

/** Names and contents of all files below a directory. */
async function digestOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const path of entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(`${path.slice(directory.length)}\0${digest(await readFile(path))}\n`);
  }
  return hash.digest('hex');
}

async function cached(name: string, inputs: readonly string[], build: (directory: string) => Promise<void>): Promise<string> {
  const root = join(cacheRoot(), 'machines');
  await mkdir(root, { recursive: true });
  const target = join(root, `${name}-${digest(inputs.join('\0')).slice(0, 12)}`);
  const isThere = () =>
    access(target).then(
      () => true,
      () => false,
    );
  if (await isThere()) return join(target, 'root');
  await withLock(
    `${target}.lock`,
    async () => {
      if (await isThere()) return;
      await rm(`${target}.new`, { recursive: true, force: true });
      await mkdir(`${target}.new`);
      await build(`${target}.new`);
      await rename(`${target}.new`, target);
    },
    { timeout: 600_000 },
  );
  return join(target, 'root');
}
