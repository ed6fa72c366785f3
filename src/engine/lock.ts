import { hostname, userInfo } from 'node:os';
import type { LockRequest } from '#src/transport/connection.ts';

/** On a tmpfs: gone after a reboot, as the lock is. */
const LOCK_PATH = '/run/picluster.lock';

/** The lock of one host. Who finds it taken reads: the run, who started it, where, and since when. */
export function hostLock(run: string, command: string, now: Date): LockRequest {
  const { username } = userInfo();
  return {
    path: LOCK_PATH,
    holder: `run ${run} (picluster ${command}) by ${username}@${hostname()}, pid ${process.pid}, since ${now.toISOString()}`,
  };
}
