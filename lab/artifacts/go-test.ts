import { join } from 'node:path';
import type { BuildOptions } from './build.ts';
import { cacheDir } from './cache.ts';
import { GO_MODULES, LAB } from './catalogue.ts';
import { run } from './program.ts';
import { findGo, goEnvironment } from './toolchain.ts';

/** Runs the tests of the lab's Go modules (default: all that have some) with the builds' own Go and caches: otherwise all of Kubernetes is built again. */
export async function testGo(modules: readonly string[], options: BuildOptions = {}): Promise<void> {
  const { signal, log = () => undefined } = options;
  const directory = options.cacheDir ?? cacheDir();
  const go = await findGo({ cacheDir: directory, signal, log });
  const env = goEnvironment(directory);
  for (const module of modules.length > 0 ? modules : GO_MODULES) {
    const args = ['test', '-trimpath', '-vet=off', './...'];
    log(await run(go, args, { cwd: join(LAB, module), env, signal, timeout: 30 * 60_000 }));
  }
}
