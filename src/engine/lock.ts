import { hostname, userInfo } from 'node:os';
import type { LockRequest } from '#src/transport/connection.ts';

/** On a tmpfs: gone after a reboot, as the lock is. */
const LOCK_PATH = '/run/picluster.lock';

/** The lock of one host. Who finds it taken reads: the run, who started it, where, and since when. */
export function hostLock(run: string, command: string, now: Date): LockRequest {
  return {
    path: LOCK_PATH,
    holder: `run ${run} (picluster ${command}) by ${whoRuns()}, pid ${process.pid}, since ${now.toISOString()}`,
  };
}

/** `user@machine`: who started this run. */
export const whoRuns = (): string => `${userInfo().username}@${hostname()}`;
