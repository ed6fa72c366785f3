import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Script } from '#src/shell/script.ts';
import { named, specOf, testFacts } from '../testing.ts';
import { raspberryPiSteps } from './raspberry-pi.ts';
import { OsVars } from './vars.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const commandOf = (name: string): { unless: Script; run: Script } => {
  const facts = testFacts({ model: 'Raspberry Pi 4', firmwareCmdline: join(directory, 'cmdline.txt') });
  const steps = raspberryPiSteps(facts, OsVars.parse({ raspberryPi: { gpuMemory: 16 } }));
  return specOf(named(steps, name)) as unknown as { unless: Script; run: Script };
};
const isDone = (script: Script): boolean => spawnSync('dash', ['-c', script.text]).status === 0;
const run = (script: Script): void => void execFileSync('dash', ['-euc', script.text]);

it.each([
  ['console=tty1 rootwait\n', 'console=tty1 rootwait cgroup_enable=cpuset cgroup_enable=memory cgroup_memory=1\n'],
  ['console=tty1 cgroup_enable=memory', 'console=tty1 cgroup_enable=memory cgroup_enable=cpuset cgroup_memory=1\n'],
  ['a=cgroup_memory=1 b=*\n', 'a=cgroup_memory=1 b=* cgroup_enable=cpuset cgroup_enable=memory cgroup_memory=1\n'],
])('cmdline.txt stays one line: %j', (before, after) => {
  const path = join(directory, 'cmdline.txt');
  writeFileSync(path, before);
  const { unless, run: apply } = commandOf('memory-cgroup');
  expect(isDone(unless)).toBe(false);
  run(apply);
  expect(readFileSync(path, 'utf8')).toBe(after);
  expect(isDone(unless)).toBe(true);
});

it.each([
  ['dtparam=audio=on\n', 'dtparam=audio=on\n[all]\ngpu_mem=16\n'],
  ['gpu_mem=64\n[pi4]\nmax_framebuffers=2\n', '[pi4]\nmax_framebuffers=2\n[all]\ngpu_mem=16\n'],
])('config.txt gives the GPU little memory: %j', (before, after) => {
  const path = join(directory, 'config.txt');
  writeFileSync(path, before);
  const { unless, run: apply } = commandOf('gpu-memory');
  expect(isDone(unless)).toBe(false);
  run(apply);
  expect(readFileSync(path, 'utf8')).toBe(after);
  expect(isDone(unless)).toBe(true);
});
