import type { StampedEvent } from '#src/engine/events.ts';
import { eventLines } from './events-to-text.ts';

/** Lines as they come; for pipes, files and logs: no colours, no cursor. */
export const plainRenderer = (out: NodeJS.WritableStream, options: { showDiffs: boolean }) => ({
  onEvent(event: StampedEvent): void {
    for (const line of eventLines(event, options)) out.write(`${line}\n`);
  },
  async flush(): Promise<void> {},
  async close(): Promise<void> {},
});
