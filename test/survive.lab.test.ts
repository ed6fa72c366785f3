import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { down, Lab, powerCut, powerOn, restore, snapshot, up } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { isBoundary, nameOf, signalAtBoundary } from './support/boundaries.ts';
import { expectManifests, manifests, onNode, waitUntilUnlocked } from './support/nodes.ts';
import { type Ended, Picluster } from './support/picluster.ts';
import { seeded, spread } from './support/random.ts';

/**
 * Whatever ends a bootstrap half-way, running it again ends in the machines of an uninterrupted one. `SEED=n` repeats the kills; those on
 * machines without Kubernetes are chaos.lab.test.ts's.
 */
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
const KILLS = Number(process.env.CHAOS_KILLS ?? 2);
const RUN_TIMEOUT_MS = 400_000;

const lab = new Lab({ name: 'survive' });
let temporary: string;
let stateHome: string;
/** The machines after an uninterrupted run from blank, and how many boundaries that had. */
let whole: { manifests: Record<string, string>; boundaries: number };

function picluster(...args: string[]): Picluster {
  const kubeconfig = join(temporary, 'kubeconfig');
  const all = ['bootstrap', '-C', lab.local('cluster'), '--yes', '--output', 'json', '--kubeconfig', kubeconfig, ...args];
  return new Picluster(all, { stateHome, timeoutMs: RUN_TIMEOUT_MS });
}

const endOf = ({ events }: Ended) => events.find((event) => event.type === 'run.end');

/** Runs to the end and must succeed; says which steps changed something. */
async function converge(...args: string[]): Promise<string[]> {
  const { exitCode, stderr, events } = await picluster(...args).ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return events.flatMap((event) => (event.type === 'step.end' && event.status === 'changed' ? [event.step] : []));
}

async function blank(): Promise<void> {
  await restore(lab, 'blank');
  await rm(stateHome, { recursive: true, force: true });
  await rm(join(temporary, 'kubeconfig'), { force: true });
}

/** Runs again; then nothing is left to do, and the machines are as if nothing had happened. */
async function expectHealed(): Promise<void> {
  await waitUntilUnlocked(lab);
  await converge();
  expect(await converge()).toEqual([]);
  await expectManifests(lab, 'n1', whole.manifests);
}

beforeAll(async () => {
  console.log(`survive: SEED=${SEED} CHAOS_KILLS=${KILLS}`);
  temporary = await mkdtemp(join(tmpdir(), 'picluster-survive-'));
  stateHome = join(temporary, 'state');
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1', 'n2', 'n3'] });
  await snapshot(lab, 'blank');
  const { exitCode, stderr, events } = await picluster().ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(await converge()).toEqual([]);
  whole = { manifests: await manifests(lab, 'n1'), boundaries: events.filter(isBoundary).length };
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(temporary, { recursive: true, force: true });
});

const mainPid = () => onNode(lab, 'n1', 'systemctl show -p MainPID --value k3s');
const CONFIG = '/etc/rancher/k3s/config.yaml';
const CONFIG_STEP = `k3s-server/file:${CONFIG}@n1`;
const RESTART_STEP = 'k3s-server/started@n1';

test('killed between the changed file and the restart that it asks for', async () => {
  const other = ['--set', 'k3s.tlsSan=[other.example.com]'];
  expect(await converge(...other)).toEqual(expect.arrayContaining([CONFIG_STEP, RESTART_STEP]));
  const before = await mainPid();
  const run = picluster();
  const seen = await run.event((event) => {
    if (event.type !== 'step.start' || event.step !== CONFIG_STEP) return false;
    // held still, so that the node ends what it was asked and is asked nothing more
    run.kill('SIGSTOP');
    return true;
  });
  expect(seen).toBeDefined();
  await waitFor('the changed file', async () => !(await onNode(lab, 'n1', `cat ${CONFIG}`)).includes('other.example.com'), {
    timeout: 20_000,
  });
  run.kill('SIGKILL');
  await run.ended;
  expect(await mainPid()).toBe(before);

  await waitUntilUnlocked(lab);
  const again = await converge();
  expect(again).toContain(RESTART_STEP);
  expect(again).not.toContain(CONFIG_STEP);
  expect(await mainPid()).not.toBe(before);
  expect(await converge()).toEqual([]);
  await expectManifests(lab, 'n1', whole.manifests);
});

describe('killed at a step boundary, from blank', () => {
  const places = Array.from({ length: Math.max(KILLS - 1, 1) }, (_, index) => index);

  test.each(places)('kill %i', async (index) => {
    const n = spread(places.length, whole.boundaries, seeded(SEED))[index]!;
    await blank();
    const run = picluster();
    const cut = await signalAtBoundary(run, n, 'SIGKILL');
    await run.ended;
    console.log(`survive: killed at boundary ${n} of ${whole.boundaries}: ${cut ? nameOf(cut) : 'too late'}`);
    expect(cut).toBeDefined();
    await expectHealed();
  });
});

test('Ctrl-C drains; a node that vanishes is named, and the others finish', async () => {
  await blank();
  const first = picluster();
  const isStart = (event: StampedEvent) => event.type === 'step.start';
  const started = await first.event(isStart);
  expect(started).toBeDefined();

  // the machines are locked by the first run: a second one is told by whom
  const second = await picluster().ended;
  expect(second.exitCode).toBe(75);
  expect(second.stderr).toMatch(
    new RegExp(
      `locked by run \\S+ \\(picluster bootstrap\\) by ${userInfo().username}@${hostname()}, pid ${first.pid}, since 20\\d\\d-`,
    ),
  );

  first.kill('SIGINT');
  const drained = await first.ended;
  const end = endOf(drained);
  expect(drained.exitCode).toBe(130);
  expect(end).toMatchObject({ status: 'interrupted', failed: 0 });
  const notReached = drained.events.flatMap((event) =>
    event.type === 'step.end' && event.status === 'not-reached' ? [event.reason] : [],
  );
  expect(notReached.length).toBeGreaterThan(0);
  expect(end?.notReached).toBe(notReached.length);
  expect(notReached).toContain('the run was interrupted');
  const running = new Set<string>();
  for (const event of drained.events) {
    if (event.type === 'step.start') running.add(event.step);
    if (event.type === 'step.end') running.delete(event.step);
  }
  expect([...running]).toEqual([]);

  const third = picluster();
  const agent = await third.event(
    (event) => event.type === 'step.start' && event.step.startsWith('k3s-agent/') && event.host === 'n3',
  );
  expect(agent).toBeDefined();
  await powerCut(lab, 'n3');
  const cut = await third.ended;
  expect(cut.exitCode).toBe(69);
  expect(cut.events.flatMap((event) => (event.type === 'host.lost' ? [event.host] : []))).toEqual(['n3']);
  const others = cut.events.filter((event) => event.type === 'step.end' && event.host !== 'n3' && event.host !== 'control');
  expect(others.filter((event) => event.type === 'step.end' && !['changed', 'unchanged'].includes(event.status))).toEqual([]);

  await powerOn(lab, 'n3');
  await expectHealed();
});
