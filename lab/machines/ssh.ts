import { execa } from 'execa';
import type { Lab } from './identity.ts';

export interface SshResult {
  stdout: string;
  stderr: string;
  /** 255 when SSH itself failed. */
  exitCode: number;
}

export interface SshOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds; default 30 s. */
  timeout?: number;
  input?: string;
  /** Another login than the inventory's: `root`. */
  user?: 'admin' | 'root';
}

/** Runs a shell line on a node by the machine's own `ssh`: for tests and waits, never for picluster itself. Does not throw on a bad exit. */
export async function ssh(lab: Lab, node: string, line: string, options: SshOptions = {}): Promise<SshResult> {
  const args = ['-F', lab.local('ssh_config'), ...(options.user ? ['-l', options.user] : []), node, '--', line];
  const result = await execa('ssh', args, {
    reject: false,
    timeout: options.timeout ?? 30_000,
    ...(options.signal && { cancelSignal: options.signal }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  return {
    stdout: result.stdout ?? '',
    stderr: result.stderr || (result.exitCode === undefined ? (result.shortMessage ?? '') : ''),
    exitCode: result.exitCode ?? 255,
  };
}
