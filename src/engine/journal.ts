import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineEvent, StampedEvent } from './events.ts';

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
    const line = this.#redact(JSON.stringify(stamped));
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
