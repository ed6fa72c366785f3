import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { Cluster } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Resource } from '#src/resource/kind.ts';
import { draftName, type StepDraft } from '#src/role/step.ts';
import { roles } from './index.ts';
import { specOf, stepsOf, testCluster, testFacts } from './testing.ts';

const PI = {
  model: 'Raspberry Pi 4 Model B Rev 1.4',
  firmwareCmdline: '/boot/firmware/cmdline.txt',
  os: { id: 'ubuntu', like: ['debian'], versionId: '22.04', codename: 'jammy', prettyName: 'Ubuntu 22.04' },
};
const VARS = {
  os: { timezone: 'Europe/Madrid', locale: 'es_ES.UTF-8', raspberryPi: { gpuMemory: 16 } },
  users: { list: [{ name: 'alex', sudo: 'password' }] },
  k3s: { airgapImages: true, registries: { mirrors: {} } },
};
const cluster = testCluster({ n1: { roles: ['k3s-server'], vars: VARS }, n2: { roles: ['k3s-agent'], vars: VARS } });
const ALPINE = {
  init: 'openrc',
  packageManager: 'apk',
  os: { id: 'alpine', like: [], versionId: '3.22', codename: '', prettyName: 'Alpine Linux v3.22' },
} as const;
const stepsOn = (cluster: Cluster, facts: Partial<Facts>): [string, StepDraft][] =>
  roles.flatMap((role) =>
    stepsOf(role, cluster, role.name === 'k3s-agent' ? 'n2' : 'n1', facts).map((step): [string, StepDraft] => [
      `${role.name}/${draftName(step)}`,
      step,
    ]),
  );
const ALPINE_VARS = { ...VARS, os: { ...VARS.os, locale: 'C.UTF-8' } };
const alpineCluster = testCluster({
  n1: { roles: ['k3s-server'], vars: ALPINE_VARS },
  n2: { roles: ['k3s-agent'], vars: ALPINE_VARS },
});
const systems: [Partial<Facts>, [string, StepDraft][]][] = [
  [PI, stepsOn(cluster, PI)],
  [ALPINE, stepsOn(alpineCluster, ALPINE)],
];
const steps = systems.flatMap(([, list]) => list);
const commands = steps.filter(([, { work }]) => work.type === 'resource' && work.kind.name === 'command');

/** Parses without running anything. */
const parse = (shell: readonly string[], script: string): string => {
  const [program = '', ...args] = shell;
  return spawnSync(program, [...args, '-n'], { input: script, encoding: 'utf8' }).stderr;
};

it.each([[['dash']], [['bash', '--posix']], [['busybox', 'sh']]])(
  '%j can read every script of every role',
  { timeout: 60_000 },
  (shell) => {
    for (const [partial, list] of systems) {
      const facts = testFacts(partial);
      for (const [name, { work }] of list) {
        if (work.type === 'action') continue;
        const { kind, spec } = work as Resource;
        expect(parse(shell, kind.probe([spec], facts).text), name).toBe('');
        expect(parse(shell, kind.apply(spec, kind.parse([]), facts).script.text), name).toBe('');
      }
    }
  },
);

it('a command asks what it makes true, and says what it is for', () => {
  expect(commands.length).toBeGreaterThan(8);
  for (const [name, step] of commands)
    expect(specOf(step), name).toMatchObject({ title: expect.any(String), unless: expect.anything() });
});

it('no script holds a secret', () => {
  for (const [name, { work }] of steps) {
    if (work.type === 'action') continue;
    const { script } = work.kind.apply(work.spec, work.kind.parse([]), testFacts(PI));
    expect(script.text, name).not.toContain('value-of-');
  }
});
