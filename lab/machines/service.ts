import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeDigest } from '#lab/serve/code.ts';
import type { Lab } from './identity.ts';
import { findProcesses, kill } from './process.ts';
import { tail } from './run.ts';
import type { LabState } from './state.ts';
import { waitFor } from './wait.ts';

const MAIN = fileURLToPath(new URL('../serve/main.ts', import.meta.url));

/** The lab's HTTP service: mirror and git. */
export async function findService(lab: Lab): Promise<number | undefined> {
  const [first] = await findProcesses(MAIN, lab.stateDir);
  return first;
}

/** Starts the HTTP service, detached, unless it answers already; one of another mirror or of older code is replaced. Returns whether it was started. */
export async function ensureService(lab: Lab, state: LabState, signal?: AbortSignal): Promise<boolean> {
  if ((await findService(lab)) !== undefined) {
    if ((await health(state)) === (await expected(lab, state))) return false;
    await stopService(lab);
  }
  const file = join(lab.stateDir, 'serve.log');
  const log = openSync(file, 'a', 0o600);
  const child = spawn(process.execPath, [MAIN, lab.stateDir], { detached: true, cwd: '/', stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  await waitFor('the HTTP service of the lab', async () => (await health(state)) === (await expected(lab, state)), {
    signal,
    timeout: 20_000,
    explain: async () => tail(await readFile(file, 'utf8').catch(() => '')),
    hint: `Its log is ${file}.`,
  });
  return true;
}

async function expected(lab: Lab, state: LabState): Promise<string> {
  return JSON.stringify({ lab: lab.id, mirror: state.mirror ?? null, code: await codeDigest() });
}

async function health(state: LabState): Promise<string | undefined> {
  const answers = [state.ports.mirror, state.ports.git].map(async (port) => {
    const response = await fetch(`http://${state.gateway}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    return response?.ok ? await response.text() : undefined;
  });
  const [mirror, git] = await Promise.all(answers);
  return mirror === git ? mirror : undefined;
}

export async function stopService(lab: Lab): Promise<void> {
  let signal: NodeJS.Signals = 'SIGTERM';
  const began = Date.now();
  await waitFor(
    'the end of the HTTP service',
    async () => {
      const pid = await findService(lab);
      if (pid !== undefined) kill(pid, signal);
      if (Date.now() - began > 3_000) signal = 'SIGKILL';
      return pid === undefined;
    },
    { timeout: 10_000, interval: 50 },
  );
}
