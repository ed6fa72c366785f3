import { ExecaError, execa } from 'execa';
import { InterruptedError, StepFailedError } from '#src/errors.ts';

export interface RunOptions {
  signal?: AbortSignal | undefined;
  cwd?: string;
  env?: Record<string, string>;
  /** Milliseconds. */
  timeout: number;
  /** What to do when it fails; may depend on what was said. */
  hint?: string | ((output: string) => string | undefined);
}

/** Runs a program and gives its standard output. Throws StepFailedError with the last lines of what it said. */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { signal, timeout, hint } = options;
  try {
    const settings = { timeout, env: options.env ?? {}, stdin: 'ignore', all: true, forceKillAfterDelay: 5000 } as const;
    const result = await execa(file, args, {
      ...settings,
      ...(signal && { cancelSignal: signal }),
      ...(options.cwd && { cwd: options.cwd }),
    });
    return result.stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.isCanceled) throw new InterruptedError(`interrupted: ${file} ${args[0] ?? ''}`, { cause: error });
    const ended = error.timedOut
      ? `took longer than ${timeout / 60_000} min`
      : `ended with ${error.exitCode ?? error.code ?? error.signal}`;
    const output = lastLines(`${error.all ?? ''}` || error.shortMessage);
    const advice = typeof hint === 'function' ? hint(output) : hint;
    throw new StepFailedError(`${file} ${args[0] ?? ''} ${ended}`, {
      command: [file, ...args].join(' '),
      output,
      ...(advice && { hint: advice }),
      cause: error,
    });
  }
}

function lastLines(text: string, count = 30): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
