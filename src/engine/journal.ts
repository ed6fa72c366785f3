import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CannotWriteError } from '#src/errors.ts';
import type { EngineEvent, StampedEvent } from './events.ts';

/** Words of ours, which say how to read the rest. */
const OURS: ReadonlySet<string> = new Set(['type', 'at']);

/** The record of one run: `events.ndjson`, one event a line, each written before anything reacts to it. Readable after a kill at any moment. */
export class Journal {
  readonly directory: string;
  readonly #file: number;
  readonly #redact: (text: string) => string;
  #seq = 0;
  readonly #lost = new AbortController();

  /** Throws CannotWriteError. */
  constructor(stateDirectory: string, run: string, redact: (text: string) => string) {
    this.directory = join(stateDirectory, 'runs', run);
    this.#redact = redact;
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
      this.#file = openSync(join(this.directory, 'events.ndjson'), 'a', 0o600);
    } catch (error) {
      throw cannotWrite(this.directory, error);
    }
  }

  /** Aborted with a CannotWriteError once a line could not be written; no later one is. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stamps, redacts and writes the event; returns it as it stands in the journal. Never throws: whoever follows an event cannot mend a disk. */
  append(event: EngineEvent): StampedEvent {
    const stamped = { v: 1, seq: this.#seq++, at: new Date().toISOString(), ...event };
    // Texts are redacted, not the line made of them: there a quote has a backslash, and a number may look like a secret.
    const line = JSON.stringify(stamped, (key, value) =>
      typeof value === 'string' && !OURS.has(key) ? this.#redact(value) : value,
    );
    this.#write(Buffer.from(`${line}\n`));
    return JSON.parse(line);
  }

  #write(bytes: Buffer): void {
    if (this.lost.aborted) return;
    try {
      // A disk that is almost full takes a part of it.
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      this.#lost.abort(cannotWrite(this.directory, error));
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function cannotWrite(directory: string, error: unknown): CannotWriteError {
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new CannotWriteError(`this machine cannot write the journal of the run: ${full ? 'no space left' : message}`, {
    hint: `${full ? 'make room there' : 'mend that'} (df -h ${directory}), then run the same command again: what is done already is skipped`,
    cause: error,
  });
}

/** Name of a run: sorts by time, never twice. `20261121T081502-3f9a`. */
export function runName(now: Date, random: string): string {
  return `${now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, '')}-${random}`;
}
