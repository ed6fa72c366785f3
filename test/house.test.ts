import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Rules of the house that the linter cannot say. */
const sources = globSync(['src/**/*.ts', 'roles/**/*.ts', 'lab/**/*.ts']).filter((file) => !file.endsWith('.test.ts'));

const offenders = (pattern: RegExp, allowed: readonly string[]): string[] =>
  sources.filter((file) => !allowed.includes(file) && pattern.test(readFileSync(file, 'utf8')));

it('only the entry of the command line ends the process', () => {
  expect(offenders(/process\.exit\(/, ['src/cli/main.ts', 'src/app/signals.ts'])).toEqual([]);
});

it('no test is switched off', () => {
  const tests = globSync(['{src,roles,lab,test}/**/*.test.ts']);
  expect(
    tests.filter((file) =>
      /\b(?:it|test|describe)\.(?:skip|only|todo)\b/.test(readFileSync(file, 'utf8').replaceAll(/`[^`]*`|\/.*\//g, '')),
    ),
  ).toEqual([]);
});
