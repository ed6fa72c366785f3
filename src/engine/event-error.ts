import { PiclusterError } from '#src/errors.ts';
import type { EventError } from './events.ts';

/** An error as the journal and the renderers see it. */
export function toEventError(error: unknown): EventError {
  if (!(error instanceof PiclusterError))
    return { code: 'E_BUG', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  const { code, message, host, step, command, output, hint } = error;
  return { code, message, host, step, command, output, hint };
}
