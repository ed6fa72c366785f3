import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '#lab/artifacts/cache.ts';
import { packageSources, SUITE } from './image.ts';
import { run } from './run.ts';

const NEWER_SUITE = 'trixie';
const PACKAGES = ['base-files', 'gpg', 'gpg-agent', 'gpgconf'];

/** Runs a program in the root file system beside it; homes of keys below /tmp are the same inside and outside. */
const IN_ROOT = `#!/bin/sh
bin=$(dirname "$0")
exec unshare --mount sh -c 'mount --rbind /tmp "$0/tmp" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' \\
  "\${bin%/bin}/root" "\${0##*/}" "$@"
`;

/** The GnuPG (2.4) of the Debian after this one, made once per machine: a directory for PATH with `gpg` and `gpgconf`. Needs root. */
export async function newerGnupg(options: { say(line: string): void; signal?: AbortSignal | undefined }): Promise<string> {
  const { say, signal } = options;
  const { settings, mirrors: own } = await packageSources(signal);
  const mirrors = own.map((line) => line.replaceAll(SUITE, NEWER_SUITE));
  const build = async (directory: string): Promise<void> => {
    const flags = ['--mode=root', '--variant=extract', `--include=${PACKAGES.join(',')}`];
    const apt = settings.map((line) => `--aptopt=${line}`);
    await run('mmdebstrap', [...flags, ...apt, NEWER_SUITE, join(directory, 'root'), ...mirrors], { signal, timeout: 300_000 });
    await mkdir(join(directory, 'bin'));
    for (const program of ['gpg', 'gpgconf']) await writeFile(join(directory, 'bin', program), IN_ROOT, { mode: 0o755 });
  };
  const inputs = { suite: NEWER_SUITE, packages: PACKAGES, settings, mirrors, script: IN_ROOT };
  return join(await cached('gnupg', inputs, build, { signal, log: say }), 'bin');
}
