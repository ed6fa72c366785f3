import { randomBytes } from 'node:crypto';
import { InterruptedError } from '#src/errors.ts';
import type { LockRequest } from '#src/transport/connection.ts';
import type { OpenChannel } from './channel.ts';
import { Opening, type OpeningOptions } from './opening.ts';
import { openingText } from './program.ts';
import { StreamShell } from './root-shell.ts';

export interface OpenShellOptions extends OpeningOptions {
  lock?: LockRequest | undefined;
  /** The shell that runs the requests: `sh`; `busybox sh` in tests. */
  shell?: string;
  /** How long a request may take to end after TERM, and again after KILL; default 3 s. */
  graceMs?: number | undefined;
}

export const newMarker = (): string => `picluster-${randomBytes(12).toString('hex')}`;

/**
 * Starts a shell as root and waits until it is ready: one exchange, one more when a password may be asked for.
 * Throws PermissionError (77), LockedError (75), HostLostError (69), InterruptedError (130).
 */
export async function openRootShell(open: OpenChannel, options: OpenShellOptions): Promise<StreamShell> {
  const { host, become, signal, lock, graceMs } = options;
  const marker = newMarker();
  // Whether sudo will ask is not known before: nothing is sent that it could take for the password.
  const mayAsk = become.method === 'sudo' && become.password !== undefined;
  const program = mayAsk ? `printf '%s asroot\\n' ${marker}; exec sh` : undefined;
  const opening = await Opening.start(open, marker, program, options);
  try {
    if (mayAsk) await opening.next('asroot');
    opening.channel.stdin.write(openingText({ marker, shell: options.shell ?? 'sh', lock }));
    await opening.next('ready');
    if (signal.aborted) throw new InterruptedError(`interrupted while a shell on ${host} was opened`, { host });
  } catch (error) {
    opening.channel.destroy();
    throw error;
  }
  opening.stop();
  return new StreamShell(opening.channel, { host, marker, graceMs });
}
