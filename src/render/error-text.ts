import { toEventError } from '#src/engine/event-error.ts';
import { ConfigError, PiclusterError, RefusedError } from '#src/errors.ts';
import { errorLines } from './events-to-text.ts';

/** What a tired person reads when a command ends with an error. Stack traces only for what is our bug. */
export function describeError(error: unknown): string {
  if (error instanceof ConfigError && error.mistakes.length > 0) {
    const lines = error.mistakes.map(
      ({ file, line, column, path, message }) => `${file}:${line}:${column}: ${path ? `${path}: ` : ''}${message}`,
    );
    return [...lines, '', error.message, ...(error.hint ? [`next: ${error.hint}`] : [])].join('\n');
  }
  if (error instanceof RefusedError && error.findings.length > 0) {
    return [
      `refused: ${error.message}`,
      ...error.findings.map((finding) => `  ${finding}`),
      ...(error.hint ? [`next: ${error.hint}`] : []),
    ].join('\n');
  }
  if (error instanceof PiclusterError) {
    const where = [error.host, error.step].filter(Boolean).join(', ');
    return errorLines(toEventError(error), `error${where ? ` (${where})` : ''}:`).join('\n');
  }
  return `bug in picluster: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
