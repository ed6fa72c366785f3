import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findGo, GO, goEnvironment } from './toolchain.ts';

let directory: string;
const PATH = process.env.PATH;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'toolchain-'));
});
afterEach(async () => {
  process.env.PATH = PATH;
  await rm(directory, { recursive: true, force: true });
});

/** A program of that name, first in the PATH, that notes how it was called. */
async function program(name: string, body: string): Promise<void> {
  await mkdir(join(directory, 'bin'), { recursive: true });
  const file = join(directory, 'bin', name);
  await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${directory}/calls\n${body}\n`);
  await chmod(file, 0o755);
  process.env.PATH = `${join(directory, 'bin')}:/usr/bin:/bin`;
}

const goSaying = (version: string) => `echo "go version go${version} linux/amd64"`;
const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');
const options = () => ({ cacheDir: join(directory, 'cache'), log: () => undefined });

it('takes the Go of this machine when it is the one', async () => {
  await program('go', goSaying(GO));
  expect(await findGo(options())).toBe('go');
  expect(await calls()).toEqual(['go version']);
});

it('fetches the toolchain with any other Go, and makes it executable', async () => {
  const root = join(goEnvironment(options().cacheDir).GOMODCACHE!, `golang.org/toolchain@v0.0.1-go${GO}.linux-amd64`);
  await program(
    'go',
    `[ "$1" = version ] && ${goSaying('1.19.8')} && exit
     mkdir -p ${root}/bin ${root}/pkg/tool/linux_amd64
     printf '#!/bin/sh\\necho "go version go${GO} linux/amd64"\\n' > ${root}/bin/go; touch ${root}/pkg/tool/linux_amd64/compile`,
  );
  expect(await findGo(options())).toBe(`${root}/bin/go`);
  expect(await calls()).toContain(`go mod download golang.org/toolchain@v0.0.1-go${GO}.linux-amd64`);
  expect((await stat(`${root}/pkg/tool/linux_amd64/compile`)).mode & 0o777).toBe(0o555);
  const before = await calls();
  await findGo(options());
  expect((await calls()).slice(before.length)).toEqual(['go version']);
});

it('a failed fetch shows what was said and what to do', async () => {
  await program('go', `[ "$1" = version ] && ${goSaying('1.22.0')} && exit; echo "proxy: forbidden" >&2; exit 1`);
  await expect(findGo(options())).rejects.toMatchObject({ message: 'go mod ended with 1', output: 'proxy: forbidden' });
});
