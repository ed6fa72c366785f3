import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, cached } from '#lab/artifacts/cache.ts';
import { digestFiles } from '#lab/artifacts/files.ts';
import type { ImageName } from './config.ts';
import { run } from './run.ts';

const HERE = fileURLToPath(new URL('images/', import.meta.url));
export const SUITE = 'bookworm';
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

interface Image {
  title: string;
  packages: readonly string[];
  /** Directories under `images/` that `customize.sh` of the first one reads. */
  files: readonly string[];
}

const words = (lines: readonly string[]): string[] => lines.flatMap((line) => line.split(' '));

const IMAGES: Readonly<Record<ImageName, Image>> = {
  debian: {
    title: `Debian ${SUITE}`,
    packages: words([
      // a Debian that can be logged in to
      'systemd systemd-sysv dbus libpam-systemd openssh-server sudo ca-certificates curl tzdata locales',
      'iproute2 iptables iputils-ping netbase kmod procps',
      // what K3s brings in its binary, and the lab's does not
      'containerd runc containernetworking-plugins conntrack ethtool socat',
    ]),
    files: ['debian'],
  },
  openrc: {
    title: `OpenRC and busybox of Debian ${SUITE}`,
    packages: words([
      'openrc busybox opendoas openssh-server ca-certificates curl tzdata netbase',
      // libraries of what its own package repository offers
      'libcap2 libedit2 libgnutls30 libnettle8 libseccomp2',
    ]),
    files: ['openrc', 'debian'],
  },
};

/** Where nodes keep the Debian packages they downloaded. */
export async function debsCache(): Promise<string> {
  const directory = join(cacheDir(), 'debs', SUITE);
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

/** This machine's own mirrors of the suite, from `apt-get indextargets`; none on another release or distribution: then mmdebstrap takes its own. */
export function debianMirrors(targets: string): string[] {
  const lines = targets
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(
      ([uri, release, component]) =>
        uri?.startsWith('http') && component === 'main' && new RegExp(`^${SUITE}(-updates|-security)?$`).test(release ?? ''),
    )
    .map(([uri, release]) => `deb ${uri} ${release} main`);
  return lines.some((line) => line.includes(` ${SUITE} `)) ? [...new Set(lines)] : [];
}

/** How packages of the suite are had on this machine. */
export async function packageSources(signal?: AbortSignal): Promise<{ settings: string[]; mirrors: string[] }> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { signal }).catch(() => '');
  const dump = await run('apt-config', ['dump'], { signal });
  return { settings: aptTransport(dump, process.env), mirrors: debianMirrors(targets) };
}

/** The root file system that all disks of nodes with this image lie on, made once per machine and content. */
export async function baseImage(
  name: ImageName,
  options: { say(line: string): void; signal?: AbortSignal | undefined },
): Promise<string> {
  const { title, packages, files } = IMAGES[name];
  const { signal } = options;
  const { settings, mirrors } = await packageSources(signal);
  const authorities = await readFile(AUTHORITIES).catch(() => Buffer.alloc(0));
  const inputs = {
    suite: SUITE,
    packages,
    settings,
    mirrors,
    authorities: createHash('sha256').update(authorities).digest('hex'),
    files: await Promise.all(files.map((directory) => digestFiles(join(HERE, directory), ['**/*']))),
  };
  const build = async (directory: string): Promise<void> => {
    options.say(`building the machines' base image (${title}; about half a minute)`);
    const here = join(HERE, name);
    const hook = `${here}/customize.sh "$1" ${here} ${AUTHORITIES}`;
    const flags = ['--mode=root', '--variant=minbase', '--skip=cleanup/apt/lists', `--include=${packages.join(',')}`];
    const apt = settings.map((line) => `--aptopt=${line}`);
    const root = join(directory, 'root');
    await run('mmdebstrap', [...flags, `--customize-hook=${hook}`, ...apt, SUITE, root, ...mirrors], {
      signal,
      timeout: 580_000,
    });
  };
  return join(await cached('base', inputs, build, { signal, log: options.say }), 'root');
}
