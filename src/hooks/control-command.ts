const GRACE_MS = 3_000;

export interface ControlCommand {
  /** Text for `sh -c`. */
  run: string;
  directory: string;
  input: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Runs a command of this machine in a process group of its own: Ctrl-C on the terminal is picluster's, and what the command has started ends
 * with it. Never throws for what the command does; `ended` says when it was not the command that ended it.
 */
export async function runOnControl({ run, directory, input, timeoutMs, signal }: ControlCommand) {
  const { execa } = await import('execa'); // 150 modules that a run without hooks does not need
  const child = execa('sh', ['-c', run], { cwd: directory, input, all: true, reject: false, detached: true });
  let ended: 'late' | 'interrupted' | undefined;
  let killer: NodeJS.Timeout | undefined;
  const kill = (name: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone already.
    }
  };
  const end = (why: 'late' | 'interrupted'): void => {
    ended ??= why;
    kill('SIGTERM');
    killer ??= setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  const timer = setTimeout(() => end('late'), timeoutMs);
  const onAbort = (): void => end('interrupted');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const { exitCode, all } = await child;
    return { exitCode: exitCode ?? 1, output: all ?? '', ended };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    signal.removeEventListener('abort', onAbort);
  }
}
