import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { run } from './program.ts';

/** The Go that builds everything: part of every key, so that the machine's own does not show in what is built. */
export const GO = '1.26.8';
const TARGET = 'linux-amd64';

export interface GoOptions {
  cacheDir: string;
  signal?: AbortSignal | undefined;
  log(line: string): void;
}

/** What every call of Go gets: its caches below ours, and no habits of this machine. */
export function goEnvironment(cacheDir: string): Record<string, string> {
  return {
    GOMODCACHE: join(cacheDir, 'go', 'mod'),
    GOCACHE: join(cacheDir, 'go', 'build'),
    GOFLAGS: '-buildvcs=false',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOOS: 'linux',
    GOARCH: 'amd64',
    GOAMD64: 'v1',
  };
}

/** A `go` of exactly the version `GO`: the machine's, or the toolchain that Go's module proxy has. Installs Debian's Go when there is none to fetch it with. */
export async function findGo(options: GoOptions): Promise<string> {
  if ((await versionOf('go')) === GO) return 'go';
  const version = `v0.0.1-go${GO}.${TARGET}`;
  const root = join(goEnvironment(options.cacheDir).GOMODCACHE!, 'golang.org', `toolchain@${version}`);
  const go = join(root, 'bin', 'go');
  if ((await versionOf(go)) === GO) return go;
  await fetchToolchain(version, options);
  for (const directory of [join(root, 'bin'), join(root, 'pkg', 'tool', TARGET.replace('-', '_'))]) {
    // The zip of a module keeps no modes.
    for (const name of await readdir(directory)) await chmod(join(directory, name), 0o555);
  }
  return go;
}

async function fetchToolchain(version: string, { cacheDir, signal, log }: GoOptions): Promise<void> {
  if ((await versionOf('go')) === undefined) {
    log('go: not on this machine; installing golang-go to fetch the right one with');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['-qq', 'update'], { signal, env, timeout: 5 * 60_000 });
    const hint = 'Installing needs root; or put Go (any version since 1.19) into the PATH.';
    await run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'golang-go'], {
      signal,
      env,
      timeout: 10 * 60_000,
      hint,
    });
  }
  log(`go: fetching ${GO} as a module`);
  await mkdir(cacheDir, { recursive: true });
  const args = ['mod', 'download', `golang.org/toolchain@${version}`];
  await run('go', args, { signal, cwd: cacheDir, env: goEnvironment(cacheDir), timeout: 10 * 60_000 });
}

/** `1.26.8` of `go version go1.26.8 linux/amd64`; undefined when it does not run. */
async function versionOf(go: string): Promise<string | undefined> {
  const { stdout } = await execa(go, ['version'], { reject: false, env: { GOTOOLCHAIN: 'local' }, timeout: 30_000 });
  return /^go version go(\S+) linux\/amd64$/m.exec(`${stdout ?? ''}`)?.[1];
}
