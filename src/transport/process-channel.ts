import { spawn } from 'node:child_process';
import type { ChannelEnd, ShellChannel } from '#src/shell/channel.ts';

/** A program of this machine as a shell's other end. */
export function processChannel(command: readonly string[]): ShellChannel {
  const [file = 'sh', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const { promise, resolve } = Promise.withResolvers<ChannelEnd>();
  child.on('error', (error) => resolve({ lost: error.message }));
  child.on('exit', (code) => resolve({ exitCode: code ?? undefined }));
  // The other end may be gone before everything was written: `ended` tells, not this.
  child.stdin.on('error', () => {});
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended: promise, destroy: () => child.kill('SIGKILL') };
}
