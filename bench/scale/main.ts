import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { testKeyPair } from '#src/transport/test-keys.ts';
import type { Counts } from './server.ts';
import { type ScaleRow, type ScaleRun, scaleLine, scalePage } from './table.ts';

/** Converged runs of the real command line over hundreds of hosts that are far away: what they cost this machine. Needs no root. */
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CASES = (process.env.BENCH_SCALE ?? '4x1x1,100x1x1,100x20x1,100x80x1,100x1x4,300x1x1,300x20x1,300x80x1')
  .split(',')
  .map((text) => text.split('x').map(Number));
const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
const METER = new URL('meter.js', import.meta.url).href;

interface Fake {
  readonly port: number;
  readonly hostKey: string;
  counts(): Promise<Counts>;
  stop(): void;
}

async function fakeHosts(rttMs: number): Promise<Fake> {
  const child = fork(new URL('server.ts', import.meta.url), [String(rttMs)]);
  const [{ port, hostKey }] = (await once(child, 'message')) as [{ port: number; hostKey: string }];
  return {
    port,
    hostKey,
    counts: async () => {
      child.send('counts');
      const [counts] = (await once(child, 'message')) as [Counts];
      return counts;
    },
    stop: () => child.disconnect(),
  };
}

/** What the role of the bench wants is made here, by Node: 24 resources a block. */
async function makeRight(root: string, blocks: number): Promise<void> {
  const text = (name: string): string =>
    `${`# ${name}: a file of the usual length, that nobody reads`.padEnd(79, '.')}\n`.repeat(12);
  for (let block = 0; block < blocks; block++) {
    for (let n = 0; n < 4; n++) await mkdir(join(root, `${block}-directory${n}`), { mode: 0o755 });
    for (let n = 0; n < 2; n++) await symlink(root, join(root, `${block}-link${n}`));
    for (let n = 0; n < 16; n++)
      await writeFile(join(root, `${block}-file${n}`), text(join(root, `${block}-file${n}`)), { mode: 0o644 });
  }
}

async function writeCluster(
  directory: string,
  fake: Fake,
  hosts: number,
  scale: { root: string; blocks: number },
): Promise<void> {
  await cp(new URL('cluster', import.meta.url), directory, { recursive: true });
  await writeFile(join(directory, 'key'), testKeyPair().private, { mode: 0o600 });
  const target = { port: fake.port, hostKey: fake.hostKey, user: 'root', become: 'none', identityFile: join(directory, 'key') };
  const entries = Array.from({ length: hosts }, (_, n) => [
    `h${n}`,
    { address: `127.0.${1 + Math.floor(n / 200)}.${1 + (n % 200)}`, ...target },
  ]);
  await writeFile(join(directory, 'hosts.yaml'), stringify({ hosts: Object.fromEntries(entries) }));
  await mkdir(join(directory, 'group_vars'));
  await writeFile(join(directory, 'group_vars', 'all.yaml'), stringify({ scale }));
}

/** One run; the first of a case is thrown away: it has no facts kept yet. */
async function run(work: string, fake: Fake): Promise<ScaleRun> {
  const meterFile = join(work, 'meter.json');
  const args = ['--import', METER, LAUNCHER, 'apply', '--yes', '-C', join(work, 'cluster'), '--output', 'json'];
  const env = { XDG_STATE_HOME: join(work, 'state'), METER: meterFile, SSH_AUTH_SOCK: '' };
  const { stdout, durationMs } = await execa(process.execPath, args, { env, stdin: 'ignore' });
  const meter = JSON.parse(await readFile(meterFile, 'utf8')) as Pick<ScaleRun, 'cpuMs' | 'startMs' | 'memoryMiB' | 'lagMs'>;
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  if (events.at(-1)?.changed !== 0 || events.some(({ type }) => type === 'step.planned'))
    throw new Error('the run was not converged');
  const traffic = events.flatMap((event) => (event.type === 'host.end' ? [event.traffic] : []));
  const largest = (key: string): number => Math.max(...traffic.map((each) => each[key]));
  return {
    ...meter,
    wallMs: durationMs,
    ...(await fake.counts()),
    bytesUp: largest('bytesSent'),
    bytesDown: largest('bytesReceived'),
  };
}

const load = loadavg()[0] ?? 0;
const rows: ScaleRow[] = [];
for (const [hosts = 4, rttMs = 1, blocks = 1] of CASES) {
  const work = await mkdtemp(join(tmpdir(), 'picluster-scale-'));
  const fake = await fakeHosts(rttMs);
  try {
    const root = join(work, 'root');
    await mkdir(root);
    await makeRight(root, blocks);
    await writeCluster(join(work, 'cluster'), fake, hosts, { root, blocks });
    await run(work, fake);
    const runs: ScaleRun[] = [];
    for (let n = 0; n < RUNS; n++) runs.push(await run(work, fake));
    rows.push({ hosts, rttMs, resources: 24 * blocks, runs });
    console.error(scaleLine(rows.at(-1)!));
  } finally {
    fake.stop();
    await rm(work, { recursive: true });
  }
}
const page = scalePage(rows, { date: new Date().toISOString(), load, runs: RUNS });
if (process.env.BENCH_SCALE === undefined) await writeFile(new URL('../results/scale.md', import.meta.url), page);
console.log(page);
