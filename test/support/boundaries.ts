import type { StampedEvent } from '#src/engine/events.ts';
import type { Picluster } from './picluster.ts';

/** Where a run can be cut between two steps: one begins, or one that changed something has ended. */
export const isBoundary = (event: StampedEvent): boolean =>
  event.type === 'step.start' || (event.type === 'step.end' && event.status === 'changed');

/** Sends the signal at the n-th boundary (counted from 1). Resolves with the event; undefined when the run ended before. */
export async function signalAtBoundary(run: Picluster, n: number, signal: NodeJS.Signals): Promise<StampedEvent | undefined> {
  let count = 0;
  return await run.event((event) => {
    if (!isBoundary(event) || ++count !== n) return false;
    run.kill(signal);
    return true;
  });
}

/** `step.start k3s-server/started@n1`, for messages. */
export const nameOf = (event: StampedEvent): string => ('step' in event ? `${event.type} ${event.step}` : event.type);
