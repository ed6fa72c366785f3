import { EXIT, InterruptedError } from '#src/errors.ts';

export interface Interrupts {
  /** Aborted by the second Ctrl-C (or SIGTERM): everything under way ends now. */
  readonly signal: AbortSignal;
  /** Aborted by the first: what runs may end, nothing new begins, and nobody waits any longer. */
  readonly draining: AbortSignal;
  /** Gives the signals back to the process. */
  dispose(): void;
}

/**
 * First Ctrl-C drains, the second aborts, the third ends the process where it stands. A terminal that was closed, and a reader of the output
 * that is gone, drain too: nobody is left to stop it twice, and a hang-up may be told more than once.
 */
export function listenForInterrupts(tell: (text: string) => void): Interrupts {
  const controller = new AbortController();
  const drain = new AbortController();
  let count = 0;
  let isTold = false;
  const drainOnce = (said: string): void => {
    if (isTold) return;
    isTold = true;
    tell(said);
    drain.abort(new InterruptedError('the run was interrupted'));
  };
  const onHangUp = (): void => drainOnce('the terminal is gone: running steps end, nothing new begins');
  const onSignal = (): void => {
    count += 1;
    if (count === 1) drainOnce('interrupted: running steps end, nothing new begins (again: stop them too)');
    else if (count === 2) controller.abort(new Error('interrupted'));
    else process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
  // For good: what is said after the run has nobody to hear it, either.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onHangUp);
  return {
    signal: controller.signal,
    draining: drain.signal,
    dispose: () => {
      isTold = true;
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp);
    },
  };
}
