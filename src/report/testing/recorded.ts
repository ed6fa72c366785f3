import { readFileSync } from 'node:fs';
import type { StampedEvent } from '#src/engine/events.ts';
import { parseJournal } from '../journals.ts';

/** A run of three machines, recorded: most went well, one step failed on n3, two hosts waited for n1. Names and addresses are neutral. */
export const RECORDED = new URL('recorded.ndjson', import.meta.url);

export const recordedEvents = (): StampedEvent[] => parseJournal(readFileSync(RECORDED, 'utf8'));
