import { execa } from 'execa';

/** How long `picluster --help` takes beyond an empty Node program: interleaved runs, so that both see the same machine. Goal: under 100 ms. */
const RUNS = 15;
const PROGRAMS: Record<string, string[]> = { 'node -e 0': ['-e', '0'], 'picluster --help': ['bin/picluster.js', '--help'] };

const times = new Map<string, number[]>(Object.keys(PROGRAMS).map((name) => [name, []]));
for (let run = 0; run < RUNS; run++) {
  for (const [name, args] of Object.entries(PROGRAMS)) {
    const { durationMs } = await execa(process.execPath, args);
    times.get(name)?.push(durationMs);
  }
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
for (const [name, values] of times) {
  console.log(
    `${name.padEnd(18)} min ${Math.min(...values).toFixed(0)} ms, median ${median(values).toFixed(0)} ms, max ${Math.max(...values).toFixed(0)} ms`,
  );
}
const [empty = [], help = []] = [...times.values()];
console.log(`beyond an empty program: ${(median(help) - median(empty)).toFixed(0)} ms (median)`);
