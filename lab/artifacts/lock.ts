import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InterruptedError, StepFailedError } from '#src/errors.ts';

export interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Told once when another process holds it: who that is. */
  onWait?(holder: string): void;
}

// The shell holds the lock until its standard input ends, which the kernel sees to however this process dies: no lock is ever stale.
const HOLD = 'echo "$1" > "$2"; echo held; exec cat > /dev/null';

/**
 * Runs `work` while no other process holds the same lock file; waits for as long as the holder lives.
 * Throws InterruptedError when the signal fires while waiting.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const release = (await take(file, true, options)) ?? (await waitForIt(file, options));
  try {
    return await work();
  } finally {
    await release();
  }
}

async function waitForIt(file: string, options: LockOptions): Promise<() => Promise<void>> {
  options.onWait?.(`process ${await holderOf(file)}`);
  const release = await take(file, false, options);
  if (!release) throw new StepFailedError(`flock could not lock ${file}`);
  return release;
}

/** Who holds the lock. It is taken a moment before its holder's number is written. */
async function holderOf(file: string): Promise<string> {
  for (const end = Date.now() + 2_000; Date.now() < end; await setTimeout(20)) {
    const holder = (await readFile(file, 'utf8').catch(() => '')).trim();
    if (holder !== '') return holder;
  }
  return '?';
}

/** The function that gives the lock back; undefined when another holds it and `once` is set. */
function take(file: string, once: boolean, { signal }: LockOptions): Promise<(() => Promise<void>) | undefined> {
  const args = [...(once ? ['-n'] : []), file, 'sh', '-c', HOLD, 'sh', String(process.pid), file];
  const child = spawn('flock', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const give = async () => {
    child.stdin.end();
    await ended;
  };
  return new Promise((resolve, reject) => {
    const interrupt = () => {
      child.kill();
      reject(new InterruptedError(`interrupted while waiting for the lock ${file}`));
    };
    if (signal?.aborted) return interrupt();
    signal?.addEventListener('abort', interrupt, { once: true });
    const settle = (value: (() => Promise<void>) | undefined) => {
      signal?.removeEventListener('abort', interrupt);
      resolve(value);
    };
    child.once('error', (cause) =>
      reject(new StepFailedError('flock could not be started', { cause, hint: 'apt-get install util-linux' })),
    );
    child.stdout.once('data', () => settle(give));
    void ended.then(() => settle(undefined));
  });
}
