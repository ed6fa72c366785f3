import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { type Fixture, fixtures, unpacked } from './fixture.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
const all = await fixtures();
const isBase = ({ name }: Fixture): boolean => name === 'base';

/** Bootstraps a fixture whose hosts (127.0.0.x) are all this listener; counts who knocked. */
async function bootstrap(fixture: Fixture) {
  let connections = 0;
  const listener = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve));
  const { port } = listener.address() as { port: number };
  try {
    return await unpacked(fixture, async (directory) => {
      const set = [...fixture.set, `ssh.port=${port}`].flatMap((setting) => ['--set', setting]);
      const env = { XDG_STATE_HOME: `${directory}/state`, XDG_CACHE_HOME: `${directory}/cache`, HOME: directory };
      const result = await execa(process.execPath, [LAUNCHER, 'bootstrap', '--yes', '-C', directory, ...set], {
        reject: false,
        timeout: 60_000,
        env,
      });
      return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr, connections };
    });
  } finally {
    await new Promise((resolve) => listener.close(resolve));
  }
}

it.concurrent.each(all.filter((fixture) => !isBase(fixture)))(
  '$name: every mistake, exit 65, no connection',
  { timeout: 120_000 },
  async (fixture) => {
    const { exitCode, stdout, stderr, connections } = await bootstrap(fixture);
    expect(connections).toBe(0);
    expect(exitCode).toBe(65);
    const [mistakes = '', summary = ''] = stderr.split('\n\n');
    expect(`${mistakes}\n`).toBe(await readFile(new URL(`${fixture.name}.golden.txt`, import.meta.url), 'utf8'));
    expect(summary).toMatch(/^(?:a mistake|\d+ mistakes) in the cluster directory .*; nothing was touched$/m);
    expect(stdout).toBe('');
  },
);

it('a right inventory knocks at that listener', { timeout: 120_000 }, async () => {
  const { exitCode, connections, stderr } = await bootstrap(all.find(isBase)!);
  expect(connections, stderr).toBeGreaterThan(0);
  expect(exitCode).not.toBe(65);
});
