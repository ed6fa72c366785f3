import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { down, ssh } from '#lab/machines/index.ts';
import { comparisonPlot } from './plot.ts';
import { type Comparison, GOALS, PHASES, type Phase, type Series, TOOLS, type Tool } from './result.ts';
import { type Bench, NODES, setUp } from './setup.ts';
import { comparisonPage } from './table.ts';
import { forget, runTool } from './tools.ts';

/**
 * picluster beside others on the same machines. Runs are interleaved: each round goes over all tools, so that what else the machine does
 * weighs on all. BENCH_HOSTS=1,4,8 and BENCH_RUNS=5 choose; what was not measured this time stays in the results.
 */
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const SIZES = (process.env.BENCH_HOSTS ?? '4,1,8').split(',').map(Number);
const WANTED_PHASES = PHASES.filter((phase) => (process.env.BENCH_PHASES ?? PHASES.join(',')).split(',').includes(phase));
const WANTED_TOOLS = TOOLS.filter((tool) => (process.env.BENCH_TOOLS ?? TOOLS.join(',')).split(',').includes(tool));
const RESULTS = new URL('../results/', import.meta.url);

let generation = Math.floor(Date.now() / 1000);

async function onAll(bench: Bench, nodes: readonly string[], file: string, argument = ''): Promise<void> {
  const script = await readFile(new URL(file, import.meta.url), 'utf8');
  await Promise.all(
    nodes.map(async (node) => {
      const line = `sh -s -- ${argument}`;
      const { exitCode, stdout, stderr } = await ssh(bench.lab, node, line, { user: 'root', input: script, timeout: 120_000 });
      if (exitCode !== 0) throw new Error(`${file} on ${node}: ${stdout}${stderr}`);
    }),
  );
}

const isRight = (bench: Bench, nodes: readonly string[]): Promise<void> => onAll(bench, nodes, 'check.sh', String(generation));

/** One measured run of one tool; the end state is looked at by a script that knows none of the tools. */
async function measure(bench: Bench, phase: Phase, tool: Tool, nodes: readonly string[]): Promise<number> {
  if (phase === 'first apply') {
    await onAll(bench, nodes, 'reset.sh');
    await forget(bench);
  }
  if (phase === 'one changed file') generation += 1;
  let outcome = await runTool(tool, bench, nodes, generation);
  // Whatever a tool before it wrote in its own way is put right first: only a run that changed nothing is a converged one.
  for (let again = 0; phase === 'converged' && !outcome.isUnchanged && again < 2; again++) {
    outcome = await runTool(tool, bench, nodes, generation);
  }
  if (outcome.isUnchanged !== (phase === 'converged'))
    throw new Error(`${tool}, ${phase}: the run ${outcome.isUnchanged ? 'changed nothing' : 'is never without a change'}`);
  if (tool !== 'floor') await isRight(bench, nodes);
  return outcome.seconds;
}

/** Beside four hosts, what takes longest is done with the tools only that a goal names: all of it with all would take three quarters of an hour. */
function isCompared(tool: Tool, phase: Phase, hosts: number): boolean {
  if (phase === 'converged') return true;
  const isNamed = GOALS.some((goal) => goal.phase === phase && goal.tool === tool);
  return tool === 'picluster' || isNamed || (hosts === 4 && tool !== 'floor');
}

/** All runs of one phase on some hosts. */
async function compare(bench: Bench, hosts: number, phase: Phase): Promise<Series[]> {
  const nodes = NODES.slice(0, hosts);
  const tools = WANTED_TOOLS.filter((tool) => isCompared(tool, phase, hosts));
  const startedAt = performance.now();
  const seconds = new Map<Tool, number[]>(tools.map((tool) => [tool, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const tool of tools) {
      const took = await measure(bench, phase, tool, nodes);
      seconds.get(tool)?.push(took);
      console.error(`${hosts} hosts, ${phase}, run ${run + 1}: ${tool} ${took.toFixed(2)} s`);
    }
  }
  console.error(`${hosts} hosts, ${phase}: ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes`);
  return tools.map((tool) => ({ hosts, phase, tool, seconds: seconds.get(tool) ?? [] }));
}

/** What was measured takes the place of what was measured before; the rest stays. Written after each phase: this takes long. */
async function save(bench: Bench, series: readonly Series[], load: number): Promise<void> {
  const isSame = (one: Series, other: Series): boolean =>
    one.hosts === other.hosts && one.phase === other.phase && one.tool === other.tool;
  const before = await readFile(new URL('comparison.json', RESULTS), 'utf8').then(
    (text) => (JSON.parse(text) as Comparison).series,
    () => [],
  );
  const comparison: Comparison = {
    date: new Date().toISOString(),
    machine: `${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    load,
    versions: bench.versions,
    series: [...before.filter((old) => !series.some((one) => isSame(one, old))), ...series],
  };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(new URL('comparison.json', RESULTS), `${JSON.stringify(comparison, null, 2)}\n`);
  await writeFile(new URL('comparison.md', RESULTS), comparisonPage(comparison));
  await writeFile(new URL('comparison.svg', RESULTS), comparisonPlot(comparison, 4));
}

const load = loadavg()[0] ?? 0;
const bench = await setUp();
try {
  for (const hosts of SIZES) for (const phase of WANTED_PHASES) await save(bench, await compare(bench, hosts, phase), load);
  console.log(await readFile(new URL('comparison.md', RESULTS), 'utf8'));
} finally {
  if (process.env.BENCH_KEEP !== 'yes') await down(bench.lab, { purge: true });
}
