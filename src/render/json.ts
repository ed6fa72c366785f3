import type { StampedEvent } from '#src/engine/events.ts';

/** One JSON object a line, as in the journal. */
export const jsonRenderer = (out: NodeJS.WritableStream) => ({
  onEvent(event: StampedEvent): void {
    out.write(`${JSON.stringify(event)}\n`);
  },
  async flush(): Promise<void> {},
  async close(): Promise<void> {},
});
