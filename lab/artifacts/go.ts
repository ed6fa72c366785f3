import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StepFailedError } from '#src/errors.ts';
import type { Artifact, BuildContext } from './artifact.ts';
import { keyOf } from './cache.ts';
import { digestFiles } from './files.ts';
import { run } from './program.ts';
import { findGo, GO, goEnvironment } from './toolchain.ts';

const BUILD_TIMEOUT = 40 * 60_000;
const GO_FILES = ['**/*.go', '**/*.yaml', '**/*.crt', 'go.mod', 'go.sum'];

export interface GoProgram {
  name: string;
  /** Where its module lies on this machine. */
  module: string;
  /** The package in it, or a tool that its go.mod names. */
  package: string;
  /** Files of the module that it is made from; default: all Go sources and what they may embed. */
  files?: readonly string[];
  ldflags?: readonly string[];
}

/** A static program `<name>` for linux/amd64. */
export async function goProgram(program: GoProgram): Promise<Artifact> {
  const { name, module } = program;
  const ldflags = ['-s', '-w', ...(program.ldflags ?? [])].join(' ');
  const args = ['build', '-trimpath', '-ldflags', ldflags, '-o'];
  const digests = () => digestFiles(module, program.files ?? GO_FILES, ['**/*_test.go']);
  const files = await digests();
  return {
    name,
    inputs: { go: GO, files, args, package: program.package },
    async build(directory, context) {
      const go = await findGo(context);
      context.log(`${name}: building; the first time takes minutes`);
      await runGo(go, [...args, join(directory, name), program.package], module, context);
      if (keyOf(await digests()) !== keyOf(files)) {
        throw new StepFailedError(`the sources of ${name} changed while it was built`, { hint: 'Build it again.' });
      }
    },
  };
}

/** The unpacked sources of a module that a go.mod of ours names, checked against its go.sum. */
export async function moduleDirectory(ours: string, path: string, context: BuildContext): Promise<string> {
  const go = await findGo(context);
  const answer = await runGo(go, ['mod', 'download', '-json', path], ours, context);
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

async function runGo(go: string, args: string[], cwd: string, { cacheDir, signal }: BuildContext): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const hint = (output: string) =>
    /dial tcp|proxy|TLS handshake/.test(output)
      ? 'Modules come from the Go module proxy (GOPROXY): is it reachable from here?'
      : undefined;
  return run(go, args, { cwd, signal, env: goEnvironment(cacheDir), timeout: BUILD_TIMEOUT, hint });
}
