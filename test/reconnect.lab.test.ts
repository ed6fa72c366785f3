import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { down, Lab, powerCut, powerOn, requireState, ssh, up } from '#lab/machines/index.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { FIRMWARE_ROLE } from './support/firmware-role.ts';
import { waitUntilUnlocked } from './support/nodes.ts';
import { type Ended, Picluster } from './support/picluster.ts';
import { writePlainCluster } from './support/plain-cluster.ts';

/** A machine that is out of reach for a while, in the middle of a step or because it was told to reboot, costs a run time and nothing else. */
const lab = new Lab({ name: 'reconnect' });
let cluster: string;
let stateHome: string;

/** Steps of a round: a file, a command that takes a while, a file. */
const ROLE = `
import { command, defineRole, directory, file, sh, step } from 'picluster';
import { z } from 'zod';

export default defineRole({
  name: 'work',
  namespace: 'work',
  vars: z.strictObject({ round: z.string().default('none') }),
  steps: ({ vars: { round } }) => {
    const at = \`/root/\${round}\`;
    return [
      step(directory({ path: at, mode: 0o755 }), { name: 'directory' }),
      step(
        command({ title: 'slow', run: sh\`echo x >>\${at}/begun; sync; sleep 6; touch \${at}/done\`, creates: \`\${at}/done\` }),
        { name: 'slow' },
      ),
      step(file({ path: \`\${at}/last\`, content: 'last\\n', mode: 0o644 }), { name: 'last' }),
    ];
  },
});
`;

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1'], artifacts: false });
  cluster = await writePlainCluster(lab, {
    roles: ['work', 'firmware'],
    files: { 'roles/work/role.ts': ROLE, 'roles/firmware/role.ts': FIRMWARE_ROLE },
  });
  stateHome = await mkdtemp(join(tmpdir(), 'picluster-reconnect-state-'));
});

afterAll(async () => {
  await down(lab, { purge: true });
  await Promise.all([cluster, stateHome].map((path) => rm(path, { recursive: true, force: true })));
});

const apply = (round: string, ...settings: string[]): Picluster =>
  new Picluster(['apply', '-C', cluster, '--yes', '--output', 'json', '--set', `work.round=${round}`, ...settings], {
    stateHome,
    timeoutMs: 300_000,
  });

/** Runs a round and does something to the machine once its slow step has begun. */
async function interrupted(round: string, fault: () => Promise<void>): Promise<Ended> {
  const run = apply(round);
  expect(await run.event((event) => event.type === 'step.start' && event.step === 'work/slow@n1')).toBeDefined();
  await fault();
  return run.ended;
}

const onNode = async (line: string): Promise<string> => (await ssh(lab, 'n1', line, { user: 'root' })).stdout.trim();

/** Nothing failed, each step has one outcome, and between start and end of the slow step the machine was lost and came back. */
function expectSurvived({ exitCode, stderr, events }: Ended, rebooted: boolean): void {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const slow = events.slice(
    events.findIndex((event) => event.type === 'step.start' && event.step === 'work/slow@n1'),
    events.findIndex((event) => event.type === 'step.end' && event.step === 'work/slow@n1'),
  );
  expect(slow).toContainEqual(expect.objectContaining({ type: 'host.reconnected', host: 'n1', rebooted }));
  const ends = events.filter((event): event is StampedEvent & { type: 'step.end' } => event.type === 'step.end');
  expect(ends.map(({ step, status }) => `${status} ${step}`)).toEqual([
    'changed work/directory@n1',
    'changed work/slow@n1',
    'changed work/last@n1',
  ]);
}

async function expectConverged(round: string): Promise<void> {
  const { exitCode, events } = await apply(round).ended;
  expect(exitCode).toBe(0);
  expect(events.filter((event) => event.type === 'step.planned')).toEqual([]);
}

/** The network between here and the machine, both ways. */
async function network(action: '-I' | '-D', verdict: readonly string[]): Promise<void> {
  const address = (await requireState(lab)).nodes[0]?.address ?? '';
  const mark = ['-m', 'comment', '--comment', lab.mark];
  await execa('iptables', ['-w', action, 'INPUT', '-s', address, '-p', 'tcp', '--sport', '22', ...mark, '-j', ...verdict]);
  await execa('iptables', ['-w', action, 'OUTPUT', '-d', address, '-p', 'tcp', '--dport', '22', ...mark, '-j', ...verdict]);
}

test('a cable that is out for half a minute: what ran on is waited for, not repeated', async () => {
  const ended = await interrupted('cable', async () => {
    await network('-I', ['DROP']);
    // the host is asked every 4 s and lost after three silences; the first attempts fail
    setTimeout(() => network('-D', ['DROP']), 20_000);
  });
  expectSurvived(ended, false);
  expect(await onNode('cat /root/cable/begun')).toBe('x');
  await expectConverged('cable');
});

test('a machine whose power is cut in the middle of a step does that step again', async () => {
  const ended = await interrupted('power', async () => {
    // it has begun, and that is on the disk
    await expect.poll(() => onNode('cat /root/power/begun'), { timeout: 10_000 }).toBe('x');
    await powerCut(lab, 'n1');
    await powerOn(lab, 'n1');
  });
  expectSurvived(ended, true);
  expect(await onNode('cat /root/power/begun')).toBe('x\nx');
  await expectConverged('power');
});

const bootId = () => onNode('cat /proc/sys/kernel/random/boot_id');
const withFlags = (flags: string, ...more: string[]): Picluster => apply('power', '--set', `firmware.flags=${flags}`, ...more);
const changed = ({ events }: Ended): string[] =>
  events.flatMap((event) => (event.type === 'step.end' && event.status === 'changed' ? [event.step] : []));

test('a step that needs a reboot gets it in the same run, and what comes after it sees the new boot', async () => {
  const before = await bootId();
  const ended = await withFlags('first').ended;
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(changed(ended)).toEqual(['directory', 'cmdline', 'reboot', 'after'].map((name) => `firmware/${name}@n1`));
  expect(ended.events).toContainEqual(
    expect.objectContaining({
      type: 'step.planned',
      step: 'firmware/reboot@n1',
      change: expect.objectContaining({ note: 'reboots n1' }),
    }),
  );
  expect(ended.events).toContainEqual(expect.objectContaining({ type: 'host.reconnected', rebooted: true }));
  const after = await bootId();
  expect(after).not.toBe(before);
  const again = await withFlags('first').ended;
  expect([again.exitCode, changed(again)]).toEqual([0, []]);
  expect(await bootId()).toBe(after);
});

test('a run that is killed between the changed file and the reboot loses no reboot, and is resumed', async () => {
  const before = await bootId();
  const run = withFlags('second');
  await run.event((event) => {
    if (event.type !== 'step.start' || event.step !== 'firmware/cmdline@n1') return false;
    // held still, so that the node ends what it was asked and is asked nothing more
    run.kill('SIGSTOP');
    return true;
  });
  await expect.poll(() => onNode('cat /boot/firmware/cmdline.txt'), { timeout: 20_000 }).toBe('second');
  run.kill('SIGKILL');
  await run.ended;
  expect(await bootId()).toBe(before);

  await waitUntilUnlocked(lab);
  const killed = (await run.ended).events.find((event) => event.type === 'run.start')?.run;
  const again = await withFlags('second', '--resume').ended;
  expect(again.exitCode).toBe(0);
  expect(again.events[0]).toMatchObject({ type: 'run.start', resumes: killed });
  expect(again.events).toContainEqual(
    expect.objectContaining({
      type: 'fact',
      text: expect.stringMatching(`^resumed run ${killed}: \\d+ steps were done, 2 left$`),
    }),
  );
  expect(changed(again)).toEqual(['firmware/reboot@n1', 'firmware/after@n1']);
  const after = await bootId();
  expect(after).not.toBe(before);
  const last = await withFlags('second', '--resume').ended;
  expect([last.exitCode, last.events]).toEqual([0, []]);
  expect(changed(await withFlags('second').ended)).toEqual([]);
  expect(await bootId()).toBe(after);
});
