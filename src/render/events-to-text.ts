import type { EventError, StampedEvent } from '#src/engine/events.ts';
import { changeSummary, changeText } from './change-text.ts';
import { printable } from './printable.ts';
import { formatDuration } from './units.ts';

/** Lines for people, one per thing that is worth one; nothing for what is as it should be. Pure. */
export function eventLines(event: StampedEvent, options: { showDiffs: boolean }): string[] {
  switch (event.type) {
    case 'host.key.trusted':
      return [`${event.host}: first contact, its host key is now trusted: ${event.fingerprint}`];
    case 'host.facts':
      return [`${event.host}: ${event.summary}`];
    case 'step.planned':
      return [
        `  ${mark(event.change.action)} ${event.step}: ${changeSummary(event.change)}`,
        ...(options.showDiffs ? indent(changeText(event.change).map(printable), '      ') : []),
      ];
    case 'step.end':
      return stepEndLines(event);
    case 'hook.end':
      return [`${event.host ? `${event.host}: ` : ''}hook ${event.hook}: ${event.status} (${formatDuration(event.durationMs)})`];
    case 'host.reconnecting':
      return event.attempt === 1 ? [`${event.host}: ${event.reason}; reconnecting`] : [];
    case 'host.reconnected':
      return [
        `${event.host}: reconnected after ${formatDuration(event.durationMs)}${event.rebooted ? '; it was rebooted meanwhile' : ''}`,
      ];
    case 'host.waiting':
      return [];
    case 'step.output':
      // A step that waits for somebody on its machine says for whom: that is not to be known only afterwards.
      return event.text.startsWith('waiting: ') ? [`${event.host}: ${event.text}`] : [];
    case 'host.lost':
      return errorLines(event.error, `${event.host}: lost`);
    case 'fact':
      return [`${event.host ? `${event.host}: ` : ''}${event.text}`];
    case 'warning':
      return [`warning: ${event.host ? `${event.host}: ` : ''}${event.text}`];
    default:
      return [];
  }
}

function stepEndLines(event: Extract<StampedEvent, { type: 'step.end' }>): string[] {
  const seconds = `(${formatDuration(event.durationMs)})`;
  if (event.status === 'changed')
    return [`changed  ${event.step}${event.change ? `: ${changeSummary(event.change)}` : ''} ${seconds}`];
  if (event.status === 'failed')
    return errorLines(event.error ?? { code: 'E_STEP', message: 'failed' }, `FAILED   ${event.step} ${seconds}`);
  return [];
}

/** An error as a person wants it: what failed, on which host, what the machine said, what to do next. */
export function errorLines(error: EventError, headline: string): string[] {
  const lines = [headline, `  ${error.message}`];
  const said = printable(error.output ?? '').trimEnd();
  if (said !== '') lines.push('  the machine said:', ...indent(said.split('\n').slice(-25), '    | '));
  if (error.hint) lines.push(`  next: ${error.hint}`);
  return lines;
}

const indent = (lines: readonly string[], by: string): string[] => lines.map((line) => by + line);

export const mark = (action: string): string =>
  ({ create: '+', delete: '-', update: '~', restart: '!', run: '>' })[action] ?? '?';
