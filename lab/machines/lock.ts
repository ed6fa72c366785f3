import { join } from 'node:path';
import { withFileLock } from '#lab/artifacts/lock.ts';
import type { Lab } from './identity.ts';

/** One command at a time changes a lab. The file lies beside the lab's directory: `down` removes that one. */
export async function withLabLock<T>(
  lab: Lab,
  work: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; say?: ((line: string) => void) | undefined },
): Promise<T> {
  const limit = AbortSignal.timeout(600_000);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const onWait = (holder: string) => options.say?.(`lab ${lab.id}: waiting for another lab command, ${holder}`);
  return await withFileLock(join(lab.stateRoot, `.${lab.id}.lock`), work, { signal, onWait });
}
