import { ExecaError, execa } from 'execa';
import { InterruptedError, StepFailedError } from '#src/errors.ts';

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds; default one minute. */
  timeout?: number;
  input?: string;
  /** The node it is about, for messages. */
  host?: string;
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a program on the controlling machine and returns its standard output. Throws StepFailedError with what it said. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const result = await execa(file, args, {
      ...(options.signal && { cancelSignal: options.signal }),
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.cwd && { cwd: options.cwd }),
      env: { LC_ALL: 'C.UTF-8', ...options.env },
      timeout: options.timeout ?? 60_000,
    });
    return result.stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.isCanceled) throw new InterruptedError(`interrupted: ${file}`, { cause: error });
    const ended = error.timedOut
      ? 'took too long'
      : error.exitCode === undefined
        ? 'could not run'
        : `ended with ${error.exitCode}`;
    throw new StepFailedError(`${file} ${ended}`, {
      ...(options.host && { host: options.host }),
      command: [file, ...args].join(' '),
      output: tail(`${error.stderr ?? ''}` || `${error.stdout ?? ''}` || error.shortMessage),
      cause: error,
    });
  }
}

/** True when the program ends with 0; for questions such as `iptables -C`. */
export async function succeeds(file: string, args: readonly string[], signal?: AbortSignal): Promise<boolean> {
  const result = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    timeout: 30_000,
    ...(signal && { cancelSignal: signal }),
  });
  return result.exitCode === 0;
}

export function tail(text: string, lines = 15): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
