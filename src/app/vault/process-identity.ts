import { readFileSync } from 'node:fs';

/** Which boot of the machine, and when the process began in it: a pid comes again. Empty where the machine does not say (macOS). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly boot: string;
  readonly began: string;
}

export const thisProcess = (): ProcessIdentity => ({ pid: process.pid, boot: bootId(), began: beganAt(process.pid) });

/** What cannot be told apart counts as running. */
export function isRunning({ pid, boot, began }: ProcessIdentity): boolean {
  if (boot !== bootId() || !exists(pid)) return false;
  return began === '' || began === beganAt(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export const bootId = (): string => textOf('/proc/sys/kernel/random/boot_id').trim();

/** Field 22 of proc_pid_stat(5), counted after the name, which may hold anything. */
function beganAt(pid: number): string {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
