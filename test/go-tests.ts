import { globSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDir } from '#lab/artifacts/cache.ts';
import { GO_MODULES, LAB } from '#lab/artifacts/catalogue.ts';
import { findGo, goEnvironment } from '#lab/artifacts/toolchain.ts';
import { addCounts, type Counts, countGo } from './counts.ts';

/** Tests of the lab's Go modules, with the builds' own Go and caches: otherwise all of Kubernetes is built again. */
export async function goTests(): Promise<Counts> {
  const directory = cacheDir();
  const go = await findGo({ cacheDir: directory, log: (line: string) => console.log(line) });
  const env = goEnvironment(directory);
  const counts: Counts[] = [];
  for (const module of GO_MODULES) {
    if (globSync('**/*_test.go', { cwd: join(LAB, module) }).length === 0) continue;
    const { stdout, stderr, exitCode } = await execa(go, ['test', '-trimpath', '-vet=off', '-json', './...'], {
      cwd: join(LAB, module),
      env,
      reject: false,
    });
    const count = countGo(stdout.split('\n'), exitCode ?? 1);
    console.log(`go test ${module}: ${count.passed} passed, ${count.failed} failed`);
    if (count.failed > 0) console.log(failureText(stdout), stderr);
    counts.push(count);
  }
  return addCounts(counts);
}

/** What failing tests and packages printed. */
function failureText(json: string): string {
  const events = json
    .split('\n')
    .flatMap((line) =>
      line.startsWith('{') ? [JSON.parse(line) as { Action: string; Package?: string; Test?: string; Output?: string }] : [],
    );
  const failed = new Set(events.filter(({ Action }) => Action === 'fail').map(({ Package, Test }) => `${Package}\0${Test}`));
  return events
    .filter(({ Package, Test, Output }) => Output && failed.has(`${Package}\0${Test}`))
    .map(({ Output }) => Output)
    .join('');
}
