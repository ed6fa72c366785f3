import { EXIT, InterruptedError } from '#src/errors.ts';

export interface Interrupts {
  /** Aborted by the second Ctrl-C (or SIGTERM): everything under way ends now. */
  readonly signal: AbortSignal;
  /** Aborted by the first: what runs may end, nothing new begins, and nobody waits any longer. */
  readonly draining: AbortSignal;
  /** Gives the signals back to the process. */
  dispose(): void;
}

/** First Ctrl-C drains, the second aborts, the third ends the process where it stands. */
export function listenForInterrupts(tell: (text: string) => void): Interrupts {
  const controller = new AbortController();
  const drain = new AbortController();
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) {
      tell('interrupted: running steps end, nothing new begins (again: stop them too)');
      drain.abort(new InterruptedError('the run was interrupted'));
    } else if (count === 2) controller.abort(new Error('interrupted'));
    else process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    draining: drain.signal,
    dispose: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
