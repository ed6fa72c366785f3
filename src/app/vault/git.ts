import { execa } from 'execa';
import { UsageError } from '#src/errors.ts';

const BOUND_MS = 60_000;

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git in a directory; undefined when there is no git. */
export async function tryGit(directory: string, args: readonly string[]): Promise<GitAnswer | undefined> {
  const result = await execa('git', ['-C', directory, ...args], { reject: false, timeout: BOUND_MS, stripFinalNewline: false });
  if (result.code === 'ENOENT') return undefined;
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** The same for what must work. Throws UsageError with what git said. */
export async function git(directory: string, args: readonly string[]): Promise<string> {
  const answer = await tryGit(directory, args);
  if (answer?.exitCode === 0) return answer.stdout;
  const said = answer?.stderr.trim();
  throw new UsageError(answer ? `git ${args[0]} failed in ${directory}` : 'git is not there', said ? { output: said } : {});
}
