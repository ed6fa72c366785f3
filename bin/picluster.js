#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it and say what is wrong.
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import v8 from 'node:v8';

const OLDEST = [22, 18];
const root = new URL('../', import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);

if (isNewEnough) {
  // Types are stripped and modules compiled once, not in every run: half of what a converged run costs. Kept by content; a failure is harmless.
  module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'picluster', 'compiled'));
  // The young generation stays at 1 MB: it would grow to 128 MB before it is collected, and one that grows saves no time here.
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  const { findBundle, makeBundleAside } = await import('./bundle.js');
  const { main, isWorthMaking } = findBundle(fileURLToPath(root));
  if (isWorthMaking) process.once('exit', () => makeBundleAside(fileURLToPath(root)));
  await import(main ? pathToFileURL(main).href : new URL('src/cli/main.ts', root).href);
} else {
  const { existsSync } = await import('node:fs');
  const bundled = fileURLToPath(new URL('node_modules/.bin/node', root));
  if (!existsSync(bundled)) {
    console.error(`picluster needs Node ${OLDEST.join('.')} or newer; this is ${process.version}.`);
    console.error(`Run "npm ci" in ${fileURLToPath(root)}: it brings a new enough Node along.`);
    process.exit(1);
  }
  const { spawnSync } = await import('node:child_process');
  const { stdioFor } = await import('./descriptors.js');
  const args = process.argv.slice(2);
  const stdio = stdioFor(args, process.env);
  const { status, signal } = spawnSync(bundled, [fileURLToPath(import.meta.url), ...args], { stdio });
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
