import { defineConfig } from 'vitest/config';

const labWorkers = Number(process.env.LAB_WORKERS ?? 1);

/**
 * Three projects: `unit` is quick and for every save; `process` runs real shells and SSH servers of this machine, and waits for them;
 * `lab` needs root and the lab's machines, one file after the other; LAB_WORKERS files at once where that is set (test/all.ts).
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/machine-output.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          // Modules are loaded once a worker, not once a file: nothing here keeps state in a module.
          isolate: false,
          include: ['{src,roles,lab,test,bench,build}/**/*.test.ts'],
          exclude: ['**/*.lab.test.ts', '**/*.process.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'process',
          include: ['{src,roles,lab,test,build}/**/*.process.test.ts'],
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/**/*.lab.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: labWorkers > 1,
          maxWorkers: labWorkers,
        },
      },
    ],
  },
});
