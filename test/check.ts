import { availableParallelism } from 'node:os';
import { execa } from 'execa';

/** All static checks and unit tests at once; prints what failed only. */
const CHECKS: Record<string, string[]> = {
  'format, lint, imports': ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.'],
  types: ['node_modules/.bin/tsc', '--noEmit'],
  'unit tests': [
    'node_modules/.bin/vitest',
    'run',
    '--project',
    'unit',
    '--reporter=dot',
    `--maxWorkers=${availableParallelism()}`,
  ],
};

const startedAt = performance.now();
const results = await Promise.all(
  Object.entries(CHECKS).map(async ([name, [command = '', ...args]]) => {
    const result = await execa(command, args, { reject: false, all: true, preferLocal: true, env: { FORCE_COLOR: '0' } });
    const isGood = result.exitCode === 0;
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name} (${(result.durationMs / 1000).toFixed(1)} s)`);
    if (!isGood) console.log(result.all);
    return isGood;
  }),
);
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = results.every(Boolean) ? 0 : 1;
