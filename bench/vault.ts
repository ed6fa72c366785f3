import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { GpgHome } from '../src/secrets/testing/gpg-home.ts';

/**
 * How long a vault of 500 secrets takes beyond gpg's own time, and beyond a command that reads no vault. Interleaved runs, so that all see
 * the same machine. Goal: under 300 ms beyond gpg.
 */
const RUNS = 15;
const SECRETS = 500;

const home = await GpgHome.create();
const directory = await mkdtemp(join(tmpdir(), 'picluster-bench-vault-'));
const env = { ...home.env, PICLUSTER_CLUSTER: directory };
const file = join(directory, 'secrets.yaml.asc');
const times = new Map<string, number[]>();

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  times.set(name, [...(times.get(name) ?? []), performance.now() - startedAt]);
}

const picluster = (args: readonly string[]) => execa(process.execPath, ['bin/picluster.js', ...args], { env });

try {
  await home.generate('alex');
  const lines = Array.from(
    { length: SECRETS },
    (_, n) => `service${n}:\n  password: "value-${n}-of-some-length-as-passwords-have"`,
  );
  await writeFile(join(directory, 'cluster.yaml'), 'name: home\nrelease: v1.9\n');
  await writeFile(
    file,
    await home.gpg(['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--encrypt'], lines.join('\n')),
  );
  for (let run = 0; run < RUNS; run += 1) {
    await timed('gpg --decrypt', () => execa('gpg', ['--batch', '--no-tty', '--decrypt', file], { env }));
    await timed('picluster vault --help', () => picluster(['vault', '--help']));
    await timed('picluster vault list', () => picluster(['vault', 'list']));
  }
} finally {
  await home.remove();
  await rm(directory, { recursive: true, force: true });
}

const median = (name: string): number => (times.get(name) ?? []).toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
for (const name of times.keys()) console.log(`${name.padEnd(24)} median ${median(name).toFixed(0)} ms`);
const [gpg, help, list] = [...times.keys()].map(median) as [number, number, number];
console.log(
  `${SECRETS} secrets, beyond gpg: ${(list - gpg).toFixed(0)} ms (median); of these ${help.toFixed(0)} ms are picluster's start`,
);
