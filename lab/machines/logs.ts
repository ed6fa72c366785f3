import { execa } from 'execa';
import { findLeader } from './cgroups.ts';
import type { Lab } from './identity.ts';
import { consoleFile } from './runner.ts';
import { requireNode } from './state.ts';

/** Where busybox's syslogd writes. */
const SYSLOG = '/var/log/messages';

export interface LogOptions {
  follow?: boolean | undefined;
  /** The console, with what happened before the journal was there and after it ended. */
  console?: boolean | undefined;
  unit?: string | undefined;
  lines: number;
  signal?: AbortSignal | undefined;
}

/** Prints a node's journal or system log (of a node that is off: its console) to our own output until it ends or is interrupted. */
export async function logs(lab: Lab, name: string, options: LogOptions): Promise<void> {
  const { image } = await requireNode(lab, name);
  const leader = await findLeader(lab, name);
  const follow = options.follow ? ['--follow'] : [];
  const count = `--lines=${options.lines}`;
  const journal = ['journalctl', '--no-pager', count, ...follow, ...(options.unit ? [`--unit=${options.unit}`] : [])];
  const inside = image === 'openrc' ? ['tail', '-n', String(options.lines), ...(options.follow ? ['-f'] : []), SYSLOG] : journal;
  const [file, args] =
    leader === undefined || options.console
      ? ['tail', [count, ...follow, consoleFile(lab, name)]]
      : ['nsenter', ['--target', String(leader), '--mount', '--pid', '--', ...inside]];
  await execa(file, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
    ...(options.signal && { cancelSignal: options.signal }),
  });
}
