import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Facts } from '#src/facts/facts.ts';
import type { Script } from '#src/shell/script.ts';
import { named, names, specOf, testCluster, testFacts } from '../testing.ts';
import { raspberryPiSteps } from './raspberry-pi.ts';
import { OsVars } from './vars.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const server = { roles: ['k3s-server'] };

const stepsFor = (facts: Facts, raspberryPi: object, name = 's1', others = {}) => {
  const cluster = testCluster({ s1: server, ...others, a1: { roles: ['k3s-agent'] } });
  return raspberryPiSteps(cluster.host(name), facts, OsVars.parse({ raspberryPi }), cluster);
};

const commandOf = (name: string): { unless: Script; run: Script } => {
  const facts = testFacts({ model: 'Raspberry Pi 4', firmwareCmdline: join(directory, 'cmdline.txt') });
  const steps = stepsFor(facts, { gpuMemory: 16 });
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

const pi = testFacts({ model: 'Raspberry Pi 4', firmwareCmdline: '/boot/firmware/cmdline.txt' });
const clustered = { ...pi, k3s: { ...pi.k3s, version: 'v1.34.4+k3s1' } };

it('reboots for what it changed in the firmware: blank machines at once, those of a cluster one after the other', () => {
  const blank = named(stepsFor(pi, {}), 'reboot');
  expect(blank.restartOn?.map(({ name }) => name)).toEqual(['memory-cgroup']);
  expect(blank.pool).toBeUndefined();
  expect(named(stepsFor(clustered, {}), 'reboot').pool).toBe('reboot');
});

it('says what is away while the only server boots, or one that the quorum needs', () => {
  expect(specOf(named(stepsFor(clustered, {}, 's1'), 'reboot')).loses).toBe('the Kubernetes API');
  expect(specOf(named(stepsFor(clustered, {}, 'a1'), 'reboot')).loses).toBeUndefined();
  expect(specOf(named(stepsFor(pi, {}, 's1'), 'reboot')).loses).toBeUndefined();
  expect(specOf(named(stepsFor(clustered, {}, 's1', { s2: server }), 'reboot')).loses).toContain("etcd's quorum");
  expect(specOf(named(stepsFor(clustered, {}, 's1', { s2: server, s3: server }), 'reboot')).loses).toBeUndefined();
});

it('leaves the reboot to the operator on request, and says so', () => {
  const steps = stepsFor(pi, { reboot: false });
  expect(names(steps)).not.toContain('reboot');
  expect(named(steps, 'memory-cgroup').note).toBe('takes effect after a reboot');
});
