import type { StampedEvent } from '#src/engine/events.ts';
import { paint } from './paint.ts';
import { type LineOptions, RunLines } from './run-lines.ts';

/** Lines as they come: no cursor, and no colours in pipes, files and logs. */
export function plainRenderer(out: NodeJS.WritableStream, options: LineOptions) {
  const lines = new RunLines(options);
  return {
    onEvent(event: StampedEvent): void {
      for (const line of lines.linesFor(event)) out.write(`${paint(line, out)}\n`);
    },
    async flush(): Promise<void> {},
    async close(): Promise<void> {},
  };
}
