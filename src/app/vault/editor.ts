import { basename } from 'node:path';
import { execa, type Result } from 'execa';
import { InterruptedError, StepFailedError, UsageError } from '#src/errors.ts';

/** Words as a POSIX shell splits them: quotes and backslashes count, nothing is expanded. Throws UsageError for a quote without an end. Pure. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const [word = ''] = /^(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/.exec(rest) ?? [];
    if (word === '' || /^\S/.test(rest.slice(word.length))) throw new UsageError(`a quote has no end: ${text}`);
    words.push(unquoted(word));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

const unquoted = (word: string): string =>
  word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, (_all, single, double, escaped) => {
    if (double !== undefined) return double.replaceAll(/\\([$`"\\\n])/g, (_pair: string, character: string) => character);
    return single ?? escaped;
  });

/** What is started: $VISUAL, $EDITOR, vi. Vim is told to keep no swap file and no registers, which would lie on the disk. Pure. */
export function editorWords(env: Readonly<Record<string, string | undefined>>): string[] {
  const words = splitWords(env.VISUAL?.trim() || env.EDITOR?.trim() || 'vi');
  const [name = ''] = words;
  return /^n?vim$/.test(basename(name)) ? [...words, '-n', '-i', 'NONE', '+set noundofile nobackup nowritebackup'] : words;
}

/**
 * Runs `work` with a signal that is aborted by what ends a session (SIGTERM, SIGHUP, SIGQUIT), so that it can clean up. Ctrl-C does nothing:
 * it belongs to the editor. Throws InterruptedError when it was aborted.
 */
export async function untilEnded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const ignore = (): void => {};
  const end = (): void => ending.abort();
  const endings = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  process.on('SIGINT', ignore);
  for (const name of endings) process.on(name, end);
  try {
    return await work(ending.signal);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
    throw new InterruptedError('ended by a signal while the vault was edited; nothing was changed', { cause: error });
  } finally {
    process.off('SIGINT', ignore);
    for (const name of endings) process.off(name, end);
  }
}

/** Opens a file in the user's editor and waits for its end. `directory`: where it may keep other files. Throws StepFailedError when it fails. */
export async function runEditor(file: string, directory: string, cancelSignal: AbortSignal): Promise<void> {
  const [command = '', ...args] = editorWords(process.env);
  const result = await execa(command, [...args, file], {
    stdio: 'inherit',
    env: { TMPDIR: directory },
    reject: false,
    cancelSignal,
    forceKillAfterDelay: 2_000,
  });
  cancelSignal.throwIfAborted();
  if (result.failed) throw new StepFailedError(`the editor ${howItFailed(command, result)}; nothing was changed`);
}

type Failed = Pick<Result, 'code' | 'signal' | 'exitCode'>;

function howItFailed(command: string, { code, signal, exitCode }: Failed): string {
  if (code === 'ENOENT') return `${command} is not there: set VISUAL or EDITOR`;
  return signal === undefined ? `${command} ended with exit code ${exitCode ?? code}` : `${command} was killed by ${signal}`;
}
