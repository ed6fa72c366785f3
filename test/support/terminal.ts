import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
/** How the command line asks for what must not be seen, and for a secret by its path. */
const QUESTION = /(?:passphrase of.*|password to become root.*|once more.*|\([\w.-]+\)): $/;

/** Runs the command line on a terminal of its own and types the next answer whenever it asks; `unasked` are those that were left. */
export async function onTerminal(
  args: string,
  answers: readonly string[],
  env: Readonly<Record<string, string>>,
  question = QUESTION,
): Promise<{ exitCode: number; all: string; unasked: string[] }> {
  const left = [...answers];
  const command = `${process.execPath} ${LAUNCHER} ${args}`;
  const child = execa('script', ['-qec', command, '/dev/null'], { reject: false, all: true, env, timeout: 90_000 });
  let heard = '';
  child.all.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    if (!question.test(heard)) return;
    heard = '';
    child.stdin.write(`${left.shift() ?? ''}\n`);
  });
  const { exitCode = -1, all } = await child;
  return { exitCode, all, unasked: left };
}
