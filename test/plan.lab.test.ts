import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { down, inNode, Lab, up } from '#lab/machines/index.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { Cli } from './support/cli.ts';
import { onNode } from './support/nodes.ts';

/** Plans that are kept, held to and refused, on two machines without Kubernetes. */
const lab = new Lab({ name: 'plan' });
const scratch = mkdtempSync(join(tmpdir(), 'picluster-plan-'));
const cli = new Cli(join(scratch, 'cluster'));
const plan = join(scratch, 'plan.json');
const CHRONY = '/etc/chrony/chrony.conf';
const JOURNAL = '/etc/systemd/journald.conf.d/90-picluster.conf';

const plannedIn = (events: readonly StampedEvent[]) => events.filter((event) => event.type === 'step.planned');
const changedIn = (events: readonly StampedEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'step.end' && event.status === 'changed' ? [event.step] : []));

async function keep(...args: string[]): Promise<StampedEvent[]> {
  const { exitCode, events, all } = await cli.events('plan', ['-o', plan, ...args]);
  expect(exitCode, all).toBe(0);
  return events;
}

/** The lab's inventory without the roles that need a network of images. */
function writeCluster(change: (cluster: Record<string, unknown>) => object = (cluster) => cluster): void {
  const { gitops, ...cluster } = parse(readFileSync(lab.local('cluster', 'cluster.yaml'), 'utf8'));
  const roles = { all: ['os', 'users', 'time'] };
  writeFileSync(join(cli.cluster, 'cluster.yaml'), stringify(change({ ...cluster, roles })));
}

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1', 'n2'], artifacts: false });
  cpSync(lab.local('cluster'), cli.cluster, { recursive: true });
  writeCluster();
});

afterAll(async () => {
  await down(lab, { purge: true });
  rmSync(scratch, { recursive: true, force: true });
  rmSync(cli.stateHome, { recursive: true, force: true });
});

describe('from blank machines', () => {
  let planned: ReturnType<typeof plannedIn>;

  test('a kept plan holds no secret, and shows what plan showed', async () => {
    planned = plannedIn(await keep());
    expect((await cli.run('plan', ['--detailed-exitcode'])).exitCode).toBe(2);
    expect(statSync(plan).mode & 0o777).toBe(0o600);
    const groups: Record<string, Record<string, string>> = parse(readFileSync(join(cli.cluster, 'secrets.yaml'), 'utf8'));
    const secrets = Object.values(groups).flatMap((group) => Object.values(group));
    expect(secrets.length).toBeGreaterThan(1);
    for (const secret of secrets) expect(readFileSync(plan, 'utf8')).not.toContain(secret);
    const shown = await execa(process.execPath, ['bin/picluster.js', 'show', plan, '--detailed-exitcode'], { reject: false });
    expect(shown.exitCode).toBe(2);
    for (const { step } of planned) expect(shown.stdout).toContain(step);
  });

  test('does every certain step, and of the others only planned ones', async () => {
    const { exitCode, events, all } = await cli.events('apply', [plan, '--yes', '--detailed-exitcode']);
    expect(exitCode, all).toBe(2);
    const done = new Set(changedIn(events));
    const certain = planned.filter(({ change }) => change.knownAfter === undefined).map(({ step }) => step);
    expect(certain.length).toBeGreaterThan(20);
    expect(new Set(certain).difference(done)).toEqual(new Set());
    expect(done.difference(new Set(planned.map(({ step }) => step)))).toEqual(new Set());
  });

  test('then there is nothing to do', async () => {
    expect((await cli.run('plan', ['--detailed-exitcode'])).exitCode).toBe(0);
    const { exitCode, events } = await cli.events('apply', ['--yes', '--detailed-exitcode']);
    expect([exitCode, plannedIn(events)]).toEqual([0, []]);
  });

  test('the same plan once more is no obstacle: nothing of it is left', async () => {
    const { exitCode, events, all } = await cli.events('apply', [plan, '--yes']);
    expect(exitCode, all).toBe(0);
    expect(changedIn(events)).toEqual([]);
  });
});

describe('a kept plan that is stale', () => {
  test('is refused for a changed file, naming host and step; a new one is done', async () => {
    await onNode(lab, 'n2', `echo one >>${CHRONY}`);
    await keep();
    await onNode(lab, 'n2', `echo two >>${CHRONY}; echo x >${JOURNAL}`);
    const { exitCode, stderr } = await cli.run('apply', [plan, '--yes']);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`n2: time/file:${CHRONY}@n2: what is there has changed`);
    expect(stderr).toContain(`n2: os/file:${JOURNAL}@n2: was right when the plan was made; now: update (content)`);
    expect(await onNode(lab, 'n2', `tail -n 1 ${CHRONY}`)).toBe('two');

    expect(plannedIn(await keep()).map(({ step }) => step)).toHaveLength(4);
    const { events } = await cli.events('apply', [plan, '--yes']);
    expect(changedIn(events)).toContain(`time/file:${CHRONY}@n2`);
    expect(await onNode(lab, 'n2', `grep -c two ${CHRONY} || true`)).toBe('0');
  });

  test('is refused for facts, inventory and secrets, all named at once', async () => {
    await keep();
    await onNode(lab, 'n1', 'sed -i \'s/^VERSION_ID=.*/VERSION_ID="99"/\' /etc/os-release');
    writeCluster((cluster) => ({ ...cluster, network: { domain: 'other.example.com' } }));
    const secrets = join(cli.cluster, 'secrets.yaml');
    const before = readFileSync(secrets, 'utf8');
    writeFileSync(secrets, before.replace(/token: \w/, 'token: Z'));
    const { exitCode, stderr } = await cli.run('apply', [plan, '--yes']);
    await onNode(lab, 'n1', 'sed -i \'s/^VERSION_ID=.*/VERSION_ID="12"/\' /etc/os-release');
    writeFileSync(secrets, before);
    writeCluster();
    expect(exitCode).toBe(78);
    expect(stderr).toContain('n1: fact os.versionId: 12 -> 99');
    expect(stderr).toContain('inventory: cluster.yaml has changed');
    expect(stderr).toContain('secrets: a value has changed');
  });
});

test('what is lost is marked and counted; it is done by a kept plan with its own settings, and with --yes only', async () => {
  await onNode(lab, 'n1', 'useradd eve');
  const { exitCode, stdout } = await cli.run('plan', ['-o', plan, '--set', 'users.list=[{name: eve, state: absent}]']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/- users\/user:eve@n1: delete \(.*\) \[DESTRUCTIVE: the login is lost\]/);
  expect(stdout).toContain('1 of them is DESTRUCTIVE');
  expect(await cli.run('apply', [plan])).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('no terminal') });
  expect(await cli.run('apply', [plan, '--yes', '--limit', 'n1'])).toMatchObject({ exitCode: 64 });
  const { events, all } = await cli.events('apply', [plan, '--yes']);
  expect(changedIn(events), all).toEqual(['users/user:eve@n1']);
  expect(await onNode(lab, 'n1', 'id eve 2>/dev/null || echo gone')).toBe('gone');
});

describe('a part of the cluster', () => {
  test('what was chosen is refused while what it waits for is not done', async () => {
    await onNode(lab, 'n2', `echo x >${JOURNAL}; echo one >>${CHRONY}`);
    const { exitCode, stderr } = await cli.run('apply', ['--yes', '--role', 'time']);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`os/file:${JOURNAL}@n2 was not chosen and is not done`);
  });

  test('tags and hosts narrow, and what is skipped is said', async () => {
    const { exitCode, events } = await cli.events('apply', ['--yes', '--tags', 'journal', '--limit', 'n2']);
    expect(exitCode).toBe(0);
    expect(changedIn(events)).toEqual([`os/file:${JOURNAL}@n2`, 'os/service:systemd-journald@n2']);
    const facts = events.flatMap((event) => (event.type === 'fact' ? [event.text] : []));
    expect(facts).toContain('hosts not chosen, and not looked at: n1');
    expect(facts).toContainEqual(expect.stringMatching(/^steps not chosen: \d+, of which 1 would change$/));
  });

  test('a service that was left out is started anew by the next run', async () => {
    const first = await cli.events('apply', ['--yes', '--step', `file:${CHRONY}`]);
    expect(changedIn(first.events)).toEqual([`time/file:${CHRONY}@n2`]);
    const second = await cli.events('apply', ['--yes']);
    expect(changedIn(second.events)).toEqual(['time/service:chrony@n2']);
  });

  test('unknown words are refused with what is known', async () => {
    for (const [flag, word, meant] of [
      ['--role', 'tme', 'time'],
      ['--tags', 'journl', 'journal'],
      ['--step', 'service:crony', 'service:chrony'],
    ] as const) {
      const { exitCode, stderr } = await cli.run('plan', [flag, word]);
      expect([exitCode, stderr]).toEqual([64, expect.stringContaining(`did you mean "${meant}"?`)]);
    }
  });
});

test('a host that was not reached when the plan was made is left alone', async () => {
  await onNode(lab, 'n1', `echo x >${JOURNAL}`);
  await onNode(lab, 'n2', `echo x >${JOURNAL}`);
  await inNode(lab, 'n2', ['systemctl', 'stop', 'ssh.service']);
  const made = await cli.events('plan', ['-o', plan]);
  expect(made.exitCode).toBe(69);
  await inNode(lab, 'n2', ['systemctl', 'start', 'ssh.service']);
  const { exitCode, events, all } = await cli.events('apply', [plan, '--yes']);
  expect(exitCode, all).toBe(0);
  expect(changedIn(events)).toEqual([`os/file:${JOURNAL}@n1`, 'os/service:systemd-journald@n1']);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'warning', host: 'n2', text: expect.stringContaining('not reached') }),
  );
});
