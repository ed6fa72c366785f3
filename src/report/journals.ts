import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StampedEventSchema } from '#src/engine/event-schema.ts';
import type { StampedEvent } from '#src/engine/events.ts';
import { UsageError } from '#src/errors.ts';
import { commandText } from './command-text.ts';
import { reportOf } from './report-of.ts';
import type { RunState } from './run-report.ts';

/** A run that has a journal. */
export interface RecordedRun {
  /** `20261121T081502-3f9a` */
  readonly name: string;
  readonly directory: string;
}

export const journalOf = ({ directory }: RecordedRun): string => join(directory, 'events.ndjson');

/** The events of a journal. A line that a kill cut off, and what another version wrote that this one does not know, is left out. */
export function parseJournal(ndjson: string): StampedEvent[] {
  return ndjson.split('\n').flatMap((line) => {
    const parsed = StampedEventSchema.safeParse(parseLine(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export const readJournal = async (run: RecordedRun): Promise<StampedEvent[]> =>
  parseJournal(await readFile(journalOf(run), 'utf8'));

/** All runs below these state directories, oldest first. */
export async function recordedRuns(stateDirectories: readonly string[]): Promise<RecordedRun[]> {
  const found = await Promise.all(
    stateDirectories.map(async (state) => {
      const names = await readdir(join(state, 'runs')).catch(() => []);
      return names.map((name) => ({ name, directory: join(state, 'runs', name) }));
    }),
  );
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The run that is meant: by its name or what its name begins or ends with; the last one without. Throws UsageError. */
export function pickRun(runs: readonly RecordedRun[], asked: string | undefined): RecordedRun {
  const last = runs.at(-1);
  if (!last) throw new UsageError('no run of this cluster is on record here', { hint: 'look first: picluster plan' });
  if (asked === undefined) return last;
  const exact = runs.find(({ name }) => name === asked);
  const fitting = exact ? [exact] : runs.filter(({ name }) => name.startsWith(asked) || name.endsWith(asked));
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  throw new UsageError(
    only
      ? `"${asked}" fits ${fitting.length} runs: ${fitting.map(({ name }) => name).join(', ')}`
      : `no run "${asked}" is on record here`,
    { hint: 'see them all: picluster runs' },
  );
}

/** A line of `picluster runs`. */
export interface RunLine {
  readonly run: string;
  readonly command: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly by?: string | undefined;
  readonly state: RunState;
  readonly exitCode?: number | undefined;
  readonly changed: number;
  readonly failed: number;
  readonly notReached: number;
  readonly hosts: number;
}

const EDGE_BYTES = 64 * 1024;

/** What a run came to. Reads the two ends of its journal; all of it only when the run did not end. Undefined: nothing that can be read. */
export async function runLine(run: RecordedRun): Promise<RunLine | undefined> {
  const { head, tail } = await readEdges(journalOf(run)).catch(() => ({ head: '', tail: '' }));
  const [start] = parseJournal(head.slice(0, head.indexOf('\n') + 1));
  if (start?.type !== 'run.start') return undefined;
  const { by, at: startedAt, hosts } = start;
  const known = { run: run.name, command: commandText(start), startedAt, by, hosts: hosts.length };
  const end = parseJournal(tail.slice(tail.trimEnd().lastIndexOf('\n') + 1)).at(-1);
  if (end?.type === 'run.end') {
    const { status: state, exitCode, changed, failed, notReached, durationMs } = end;
    return { ...known, durationMs: Math.round(durationMs), state, exitCode, changed, failed, notReached };
  }
  const { durationMs, counts } = reportOf(await readJournal(run));
  return {
    ...known,
    durationMs,
    state: 'unfinished',
    changed: counts.changed,
    failed: counts.failed,
    notReached: counts['not-reached'],
  };
}

async function readEdges(path: string): Promise<{ head: string; tail: string }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, EDGE_BYTES);
    const [head, tail] = [Buffer.alloc(length), Buffer.alloc(length)];
    await file.read(head, 0, length, 0);
    await file.read(tail, 0, length, size - length);
    return { head: head.toString(), tail: tail.toString() };
  } finally {
    await file.close();
  }
}
