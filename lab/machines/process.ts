import { readdir, readFile } from 'node:fs/promises';

/** The fields of /proc/PID/stat behind the command, which may hold blanks and brackets; undefined when the process is gone. */
async function statFields(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** When a process started, in clock ticks since the machine's boot: with its id it names it for good. */
export async function startTicks(pid: number): Promise<number | undefined> {
  const fields = await statFields(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : Number(fields[19]);
}

export async function ownerLine(pid: number): Promise<string> {
  return `${pid} ${(await startTicks(pid)) ?? 0}`;
}

/** Whether the process of an `ownerLine` still runs; an id that was given to another process does not count. */
export async function isOwnerAlive(line: string): Promise<boolean> {
  const [pid, ticks] = line.split(' ').map(Number);
  return pid !== undefined && ticks !== undefined && (await startTicks(pid)) === ticks;
}

/** Processes whose command line holds all the given arguments, in order of their ids. */
export async function findProcesses(...wanted: string[]): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const args = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (wanted.every((arg) => args.includes(arg))) found.push(Number(entry));
  }
  return found.sort((a, b) => a - b);
}

/** Process ids from the outermost namespace inwards. */
export async function namespacePids(pid: number): Promise<number[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const line = /^NSpid:\s*(.*)$/m.exec(status)?.[1] ?? '';
  return line.split(/\s+/).filter(Boolean).map(Number);
}

/** Seconds since the process started. */
export async function ageOf(pid: number): Promise<number | undefined> {
  const ticks = await startTicks(pid);
  if (ticks === undefined) return undefined;
  const uptime = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  return Math.max(0, uptime - ticks / 100);
}

/** Sends a signal; a process that has gone meanwhile is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
