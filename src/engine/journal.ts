import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineEvent, StampedEvent } from './events.ts';

/** Words of ours, which say how to read the rest. */
const OURS: ReadonlySet<string> = new Set(['type', 'at']);

/** The record of one run: `events.ndjson`, one event a line, each written before anything reacts to it. Readable after a kill at any moment. */
export class Journal {
  readonly directory: string;
  readonly #file: number;
  readonly #redact: (text: string) => string;
  #seq = 0;

  constructor(stateDirectory: string, run: string, redact: (text: string) => string) {
    this.directory = join(stateDirectory, 'runs', run);
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#file = openSync(join(this.directory, 'events.ndjson'), 'a', 0o600);
    this.#redact = redact;
  }

  /** Stamps, redacts and writes the event; returns it as it now stands in the journal. */
  append(event: EngineEvent): StampedEvent {
    const stamped = { v: 1, seq: this.#seq++, at: new Date().toISOString(), ...event };
    // Texts are redacted, not the line made of them: there a quote has a backslash, and a number may look like a secret.
    const line = JSON.stringify(stamped, (key, value) =>
      typeof value === 'string' && !OURS.has(key) ? this.#redact(value) : value,
    );
    writeSync(this.#file, `${line}\n`);
    return JSON.parse(line);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Name of a run: sorts by time, never twice. `20261121T081502-3f9a`. */
export function runName(now: Date, random: string): string {
  return `${now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')}-${random}`;
}
