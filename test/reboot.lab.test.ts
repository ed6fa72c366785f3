import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { StampedEvent } from '#src/engine/events.ts';
import { FIRMWARE_ROLE } from './support/firmware-role.ts';
import { onNode } from './support/nodes.ts';
import { Pair } from './support/pair.ts';
import { Picluster } from './support/picluster.ts';

/** Machines of a running cluster reboot one after the other, and only once their pods have gone elsewhere. */
const pair = new Pair('reboot');
const { lab, cli } = pair;

beforeAll(async () => {
  await pair.bootstrap();
  const file = join(cli.cluster, 'cluster.yaml');
  const settings = parse(await readFile(file, 'utf8'));
  settings.roles.all.push('firmware');
  await writeFile(file, stringify(settings));
  await mkdir(join(cli.cluster, 'roles', 'firmware'), { recursive: true });
  await writeFile(join(cli.cluster, 'roles', 'firmware', 'role.ts'), FIRMWARE_ROLE);
});
afterAll(() => pair.erase());

const apply = (flags: string): Picluster =>
  new Picluster(['apply', '-C', cli.cluster, '--yes', '--output', 'json', '--set', `firmware.flags=${flags}`], {
    stateHome: cli.stateHome,
    timeoutMs: 550_000,
  });

const bootId = (node: string) => onNode(lab, node, 'cat /proc/sys/kernel/random/boot_id');
const isCordoned = async (node: string) => (await pair.kubectl(`get node ${node} -o jsonpath={.spec.unschedulable}`)) === 'true';

const LABELS = { app: 'kept' };
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'kept', namespace: 'default', labels: LABELS },
  spec: {
    nodeName: 'n2',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'work', image: 'docker.io/picluster-lab/workload:1', imagePullPolicy: 'Never' }],
  },
};
const BUDGET = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'kept', namespace: 'default' },
  spec: { minAvailable: 1, selector: { matchLabels: LABELS } },
};

/** Where in the journal the reboot of a host begins and ends. */
const span = (events: readonly StampedEvent[], host: string): [number, number] => {
  const at = (type: string) =>
    events.findIndex((event) => event.type === type && 'step' in event && event.step === `firmware/reboot@${host}`);
  return [at('step.start'), at('step.end')];
};

test('one at a time, drained as disruption budgets allow, back in service afterwards', async () => {
  await pair.kubectl('apply -f -', BUDGET);
  await pair.kubectl('apply -f -', POD);
  await pair.kubectl('wait --for=condition=Ready --timeout=15s pod/kept');
  const before = [await bootId('n1'), await bootId('n2')];

  const run = apply('one');
  expect(await run.event((event) => event.type === 'step.start' && event.step === 'firmware/reboot@n2')).toBeDefined();
  await expect.poll(() => isCordoned('n2'), { timeout: 60_000, interval: 1000 }).toBe(true);
  // the budget keeps its pod, and the pod keeps the machine
  await expect
    .poll(() => pair.kubectl('get events --field-selector involvedObject.name=kept -o jsonpath={.items[*].reason}'), {
      timeout: 30_000,
    })
    .toContain('Started');
  expect(await bootId('n2')).toBe(before[1]);
  await pair.kubectl('delete pdb kept');

  const { exitCode, stderr, events } = await run.ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const after = [await bootId('n1'), await bootId('n2')];
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  const [[n1Start, n1End], [n2Start, n2End]] = [span(events, 'n1'), span(events, 'n2')];
  expect(n1End < n2Start || n2End < n1Start).toBe(true);
  expect([await isCordoned('n1'), await isCordoned('n2')]).toEqual([false, false]);
  expect(await pair.kubectl('get pod kept --ignore-not-found')).toBe('');

  const again = await apply('one').ended;
  expect(again.events.filter((event) => event.type === 'step.planned')).toEqual([]);
  expect([await bootId('n1'), await bootId('n2')]).toEqual(after);
});

test('a machine that somebody else had cordoned stays cordoned', async () => {
  await pair.kubectl('cordon n2');
  const { exitCode, stderr } = await apply('two').ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect([await isCordoned('n1'), await isCordoned('n2')]).toEqual([false, true]);
});
