import { HostLostError, type PiclusterError } from '#src/errors.ts';
import { sh } from '#src/shell/script.ts';
import type { HostSession } from './session.ts';

/** A machine that goes down kills commands first, and the shell that tells of them moments later. */
const LAST_MOMENTS_S = 2;
const ANSWER_MS = 15_000;
/** A shell reports signal n as 128 + n (POSIX). */
const FIRST_SIGNAL = 129;
const LAST_SIGNAL = 128 + 64;

export const isKilled = (exitCode: number): boolean => exitCode >= FIRST_SIGNAL && exitCode <= LAST_SIGNAL;

/** Did the step fail because its host went away? Looks for two seconds where it was killed or cut off. Costs one request per failure. */
export async function lossBehind(
  { step }: PiclusterError,
  session: HostSession,
  wasCutOff: boolean,
): Promise<HostLostError | undefined> {
  const script = wasCutOff ? sh`sleep ${LAST_MOMENTS_S}` : sh`:`;
  try {
    await session.shell.run({ script, timeoutMs: ANSWER_MS, ...(step === undefined ? {} : { step }) });
    return undefined;
  } catch (error) {
    return error instanceof HostLostError ? error : undefined;
  }
}
