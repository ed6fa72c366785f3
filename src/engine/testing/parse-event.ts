import { isDeepStrictEqual } from 'node:util';
import { StampedEventSchema } from '../event-schema.ts';
import type { StampedEvent } from '../events.ts';

/** A line of a journal or of `--output json`. Throws on one that is not what `picluster schema events` publishes, to the last field. */
export function parseEvent(line: string): StampedEvent {
  const value: unknown = JSON.parse(line);
  const event = StampedEventSchema.parse(value);
  if (!isDeepStrictEqual(event, value)) throw new TypeError(`has fields that the schema does not name: ${line}`);
  return event;
}
