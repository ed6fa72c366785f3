import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { down, Lab, ssh, up } from '#lab/machines/index.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { parseEvent } from '#src/engine/testing/parse-event.ts';
import { type Injected, inject, isHit, mend } from './chaos/inject.ts';
import { type Fault, type FaultType, planRounds, TYPES } from './chaos/rounds.ts';
import { waitUntilUnlocked } from './support/nodes.ts';
import { Picluster } from './support/picluster.ts';
import { writePlainCluster } from './support/plain-cluster.ts';

/** Random faults in the middle of steps, on four machines: whatever happens, nothing half-written is seen, and the next run converges. */
const SEED = Number(process.env.SEED ?? Date.now() % 100_000);
const FAULTS = Number(process.env.CHAOS_FAULTS ?? 5);
const HOSTS = ['c1', 'c2', 'c3', 'c4'];
const lab = new Lab({ name: 'chaos' });
let cluster: string;
let stateHome: string;

const read = (name: string): Promise<string> => readFile(new URL(`chaos/${name}`, import.meta.url), 'utf8');

async function on(host: string, input: string): Promise<string> {
  const { exitCode, stdout, stderr } = await ssh(lab, host, 'sh -s', { user: 'root', input, timeout: 60_000 });
  expect(`${host}: ${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe(`${host}: 0 `);
  return stdout.trim();
}

beforeAll(async () => {
  console.log(`chaos: SEED=${SEED} CHAOS_FAULTS=${FAULTS}`);
  stateHome = await mkdtemp(join(tmpdir(), 'picluster-chaos-state-'));
  await down(lab, { purge: true });
  await up(lab, { nodes: HOSTS, artifacts: false });
  const files = {
    'roles/chaos/role.ts': await read('role.ts'),
    'versions.yaml': 'releases: { chaos: { components: {} } }\n',
  };
  cluster = await writePlainCluster(lab, {
    roles: ['chaos'],
    settings: { release: 'chaos', versions: 'versions.yaml' },
    files,
  });
  const script = await read('prepare.sh');
  await Promise.all(HOSTS.map((host) => on(host, script)));
});

afterAll(async () => {
  await down(lab, { purge: true });
  await Promise.all([cluster, stateHome].map((path) => rm(path, { recursive: true, force: true })));
});

const apply = (generation: number): Picluster =>
  new Picluster(['apply', '-C', cluster, '--yes', '--output', 'json', '--set', `chaos.generation=${generation}`], {
    stateHome,
    timeoutMs: 300_000,
  });

interface Shot {
  fault: Fault;
  injected: Injected;
}

/** Runs a generation; each fault comes once its step has begun. Resolves to the run's journal and the faults that came. */
async function disturbed(generation: number, faults: readonly Fault[]): Promise<{ journal: StampedEvent[]; shots: Shot[] }> {
  const run = apply(generation);
  const coming = new Map<Fault, Promise<Shot>>();
  run.onEvent((event) => {
    const fault = event.type === 'step.start' && faults.find(({ step }) => step === event.step);
    // a step that is done again after a loss starts twice
    if (fault && !coming.has(fault))
      coming.set(
        fault,
        inject(lab, run, fault).then((injected) => ({ fault, injected })),
      );
  });
  const { exitCode, stderr, events } = await run.ended;
  const shots = await Promise.all(coming.values());
  const isKilled = faults.some(({ type }) => type === 'kill');
  expect(isKilled ? [undefined, 0] : [0, 69, 70], stderr).toContain(exitCode);
  return { journal: await journalOf(events), shots };
}

/** The run's journal as it lies on the disk: every line of it is an event, whatever ended the run. */
async function journalOf(events: readonly StampedEvent[]): Promise<StampedEvent[]> {
  const start = events.find((event) => event.type === 'run.start');
  const paths: string[] = [];
  for await (const path of glob(`**/runs/${start?.run}/events.ndjson`, { cwd: stateHome })) paths.push(path);
  expect(paths).toHaveLength(1);
  const lines = (await readFile(join(stateHome, paths[0]!), 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map(parseEvent);
}

async function expectHealed(generation: number, faults: readonly Fault[]): Promise<void> {
  await waitUntilUnlocked(lab);
  const { exitCode, events } = await apply(generation).ended;
  const errors = events.flatMap((event) => (event.type === 'step.end' && event.error ? [event.error] : []));
  expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] });
  const again = await apply(generation).ended;
  expect(again.exitCode).toBe(0);
  expect(again.events.filter((event) => event.type === 'step.planned')).toEqual([]);
  await waitUntilUnlocked(lab);
  await Promise.all(HOSTS.map((host) => expectSound(host, generation, faults.find((fault) => fault.host === host)?.type)));
}

/** What must hold on a machine after any fault, and what was done once was not done again. */
async function expectSound(host: string, generation: number, type: FaultType | undefined): Promise<void> {
  const said = await on(
    host,
    `cd /var/lib/chaos
     cat twice 2>/dev/null
     [ ! -e ../chaos-watch/violations ] || sort -u ../chaos-watch/violations | head -n 5
     find . /etc/systemd/system -name '.picluster*'
     tail -n 1 conf small/conf | grep -c '^end ${generation}$'
     cmp conf started && echo started
     dpkg-query -W -f '\${db:Status-Status}' chaos-tool 2>/dev/null || true; echo " $(dpkg --audit)"
     ls -d once/${generation}
     grep -cx ${generation} begun`,
  );
  const isInstalled = generation % 2 === 1;
  const [begun, ...rest] = said.split('\n').reverse();
  expect(rest.reverse().map((line) => line.trim())).toEqual([
    '2',
    'started',
    isInstalled ? 'installed' : expect.stringMatching(/^(?:not-installed|config-files)?$/),
    `once/${generation}`,
  ]);
  // a machine that went down in the middle, or had no room to end, begins again; no other does
  const mayBegin = type === 'reboot' || type === 'full' ? 2 : 1;
  expect(Number(begun), `${host} began ${generation}`).toBeLessThanOrEqual(mayBegin);
}

const text = ({ type, step, delayMs }: Fault): string => `${type} ${step} +${delayMs} ms`;

test(`${FAULTS} faults`, { timeout: FAULTS * 60_000 + 120_000 }, async () => {
  const startedAt = Date.now();
  const hits = Object.fromEntries(TYPES.map((type) => [type, 0]));
  const rounds = planRounds(SEED, FAULTS, HOSTS);
  for (const [index, faults] of rounds.entries()) {
    const generation = index + 1;
    const { journal, shots } = await disturbed(generation, faults);
    for (const fault of faults) {
      const shot = shots.find((each) => each.fault === fault);
      const hit = shot !== undefined && isHit(journal, fault, shot.injected);
      if (hit) hits[fault.type]! += 1;
      console.log(`chaos: ${generation}/${rounds.length} ${text(fault)}: ${hit ? 'hit' : 'missed'}`);
    }
    await Promise.all(faults.map((fault) => mend(lab, fault)));
    await expectHealed(generation, faults);
  }
  const looks = await Promise.all(HOSTS.map(async (host) => Number(await on(host, 'grep -c . /var/lib/chaos-watch/looks'))));
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  console.log(
    `chaos: SEED=${SEED} ${FAULTS} faults in ${rounds.length} runs, ${seconds} s, hits ${JSON.stringify(hits)}, looks ${looks}`,
  );
  // a step may end before its fault comes: half of each type must have come in the middle
  for (const type of TYPES) expect(hits[type], type).toBeGreaterThanOrEqual(Math.floor(FAULTS / TYPES.length / 2));
});
