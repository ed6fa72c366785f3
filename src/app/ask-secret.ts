import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { InterruptedError } from '#src/errors.ts';

/** There is one terminal in a process: whoever asks on it waits for who asked before. */
let last: Promise<unknown> = Promise.resolve();

/** Asks on the terminal without showing what is typed. Undefined when there is no terminal, or nothing was typed. Throws InterruptedError on Ctrl-C. */
export function askSecret(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return Promise.resolve(undefined);
  const answer = last.catch(() => {}).then(() => ask(question));
  last = answer;
  return answer;
}

function ask(question: string): Promise<string | undefined> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true, historySize: 0 });
  // Only now does the terminal no longer echo: who sees the question may type at once.
  process.stderr.write(question);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  lines.once('line', (line) => resolve(line === '' ? undefined : line));
  lines.once('close', () => resolve(undefined));
  lines.once('SIGINT', () => {
    reject(new InterruptedError('interrupted while a password was asked for'));
    // A terminal in raw mode sends no signal: the run is to hear of it, too.
    process.kill(process.pid, 'SIGINT');
  });
  return promise.finally(() => {
    lines.close();
    process.stderr.write('\n');
  });
}
