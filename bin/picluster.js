#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it and say what is wrong.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST = [22, 18];
const root = new URL('../', import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);

if (isNewEnough) {
  // Types are stripped and modules compiled once, not in every run: half of what a converged run costs. Kept by content; a failure is harmless.
  module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'picluster', 'compiled'));
  const source = new URL('src/cli/main.ts', root);
  await import(existsSync(source) ? source.href : new URL('dist/cli/main.js', root).href);
} else {
  const bundled = fileURLToPath(new URL('node_modules/.bin/node', root));
  if (!existsSync(bundled)) {
    console.error(`picluster needs Node ${OLDEST.join('.')} or newer; this is ${process.version}.`);
    console.error(`Run "npm ci" in ${fileURLToPath(root)}: it brings a new enough Node along.`);
    process.exit(1);
  }
  const { status, signal } = spawnSync(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
