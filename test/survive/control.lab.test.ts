import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { waitFor } from '#lab/machines/wait.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { parseJournal } from '#src/report/journals.ts';
import { waitUntilUnlocked } from '../support/nodes.ts';
import { Picluster } from '../support/picluster.ts';
import { Trial } from '../support/trial.ts';

/** What happens to the machine that picluster runs on: its disk is full, its terminal is closed, nobody reads what it says. */
let trial: Trial;
let stateHome: string;
beforeAll(async () => {
  trial = await Trial.up('control', ['w1']);
});
afterAll(() => trial.erase());

/** They say a lot before they end: a disk that is full has room for a few bytes, and who reads nothing is noticed when something is said. */
const COMMANDS = [1, 2].map((n) => ({
  title: `slow ${n}`,
  run: `sleep 2; seq 500; sleep 2; touch /root/slow-${n}`,
  creates: `/root/slow-${n}`,
}));

/** Room for a known host and some events. */
async function smallDisk(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'picluster-small-'));
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', directory]);
  stateHome = directory;
  return directory;
}
afterEach(async () => {
  await trial.on('w1', 'rm -f /root/slow-*');
  if (stateHome) await execa('umount', [stateHome], { reject: false });
  await rm(stateHome, { recursive: true, force: true });
});

const fill = (directory: string) => execa('dd', ['if=/dev/zero', `of=${directory}/filling`, 'bs=4k'], { reject: false });
const started = (event: StampedEvent): boolean => event.type === 'step.start';
const args = () => ['apply', '--yes', '-C', trial.cli.cluster];

/** The step that ran was done, the one after it was not begun, and the machine can be had at once. */
async function expectDrained(): Promise<void> {
  expect(await trial.on('w1', 'ls /root')).toBe('slow-1');
  await waitUntilUnlocked(trial.lab);
}

test('a disk that fills in the middle of a run: the run ends as after a Ctrl-C and says why; again, once there is room', async () => {
  await trial.want({ commands: COMMANDS });
  const directory = await smallDisk();
  const run = new Picluster([...args(), '--output', 'json'], { stateHome: directory, timeoutMs: 120_000 });
  expect(await run.event(started)).toBeDefined();
  await fill(directory);
  const { exitCode, stderr, events } = await run.ended;
  expect(stderr).toMatch(
    /^error:\s+this machine cannot write the journal of the run: no space left\n.*next: make room there \(df -h/s,
  );
  expect(exitCode).toBe(74);
  expect(events.at(-1)).toMatchObject({ type: 'run.end', status: 'failed', exitCode: 74, changed: 1, notReached: 1 });
  await expectDrained();

  await rm(join(directory, 'filling'));
  const again = await new Picluster([...args(), '--output', 'json'], { stateHome: directory, timeoutMs: 120_000 }).ended;
  expect(again).toMatchObject({ exitCode: 0, stderr: '' });
  expect(again.events.at(-1)).toMatchObject({ changed: 1 });
});

test('a disk that is full from the start: nothing is begun', async () => {
  await trial.want({ commands: COMMANDS });
  const directory = await smallDisk();
  await fill(directory);
  const { exitCode, stderr } = await new Picluster(args(), { stateHome: directory, timeoutMs: 120_000 }).ended;
  expect(stderr).toContain('no space left');
  expect(exitCode).toBe(74);
  expect(await trial.on('w1', 'ls /root')).toBe('');
});

/** The events of the only run on record. */
async function recorded(home: string): Promise<readonly StampedEvent[]> {
  const [journal] = globSync('**/events.ndjson', { cwd: home });
  return journal ? parseJournal(await readFile(join(home, journal), 'utf8')) : [];
}

const startedIn = async (home: string): Promise<boolean> => (await recorded(home)).some(started);
const endedIn = async (home: string): Promise<boolean> => (await recorded(home)).at(-1)?.type === 'run.end';

test.each(['its terminal is closed', 'nobody reads what it says'])('%s: it ends as after a Ctrl-C', async (what) => {
  await trial.want({ commands: COMMANDS });
  stateHome = await mkdtemp(join(tmpdir(), 'picluster-control-'));
  const line = `${process.execPath} bin/picluster.js ${args().join(' ')} --verbose`;
  const isTerminal = what.startsWith('its');
  const [program, words] = isTerminal ? ['script', ['-qec', line, '/dev/null']] : ['sh', ['-c', line]];
  const child = spawn(program as string, words as string[], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, XDG_STATE_HOME: stateHome },
  });
  child.stdout.resume();
  await waitFor('its first step', () => startedIn(stateHome), { timeout: 60_000, interval: 100 });
  if (isTerminal) child.kill('SIGKILL');
  else child.stdout.destroy();
  await waitFor('its end', () => endedIn(stateHome), { timeout: 60_000, interval: 200 });
  const end = (await recorded(stateHome)).at(-1);
  expect(end).toMatchObject({ status: 'interrupted', exitCode: 130, changed: 1, notReached: 1 });
  await expectDrained();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
});
