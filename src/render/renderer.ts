import type { StampedEvent } from '#src/engine/events.ts';
import type { LineOptions } from './run-lines.ts';

/** Sees every event of a run, in order; touches nothing but its output. */
export interface Renderer {
  onEvent(event: StampedEvent): void;
  /** Ends what moves on the terminal, so that other text can be written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export type OutputFormat = 'text' | 'json';

/** Progress on a terminal, lines elsewhere and with --verbose, NDJSON on request. Heavy libraries are loaded only when used. */
export async function createRenderer(format: OutputFormat, out: NodeJS.WriteStream, options: LineOptions): Promise<Renderer> {
  if (format === 'json') return (await import('./json.ts')).jsonRenderer(out);
  if (!out.isTTY) return (await import('./plain.ts')).plainRenderer(out, options);
  const onTerminal = { ...options, columns: () => out.columns };
  if (options.isVerbose) return (await import('./plain.ts')).plainRenderer(out, onTerminal);
  return (await import('./progress.ts')).progressRenderer(out, onTerminal);
}
