import type { StampedEvent } from '#src/engine/events.ts';

type RunStart = Extract<StampedEvent, { type: 'run.start' }>;

/** A run's journal, read. */
export interface ReadRun {
  readonly name: string;
  readonly events: readonly StampedEvent[];
}

/** A run that began to change machines and did not come to its end, with what it and those that it resumed had done. */
export interface Unfinished {
  readonly run: string;
  readonly start: RunStart;
  /** Steps whose last outcome, over the whole chain, is that they are as they should be. */
  readonly done: ReadonlySet<string>;
}

const startOf = ({ events }: ReadRun): RunStart | undefined => (events[0]?.type === 'run.start' ? events[0] : undefined);

/** Did it begin to work on machines? One that was refused, or locked out, is no run to go on with. */
const hasBegun = ({ events }: ReadRun): boolean => events.some(({ type }) => type === 'host.work');

const isDone = ({ events }: ReadRun): boolean => {
  const end = events.at(-1);
  return end?.type === 'run.end' && end.status === 'done';
};

/** A run without restrictions that went well leaves nothing of an earlier one to be done; an apply leaves what only bootstrap does. */
function settles(run: ReadRun, earlier: RunStart): boolean {
  const start = startOf(run);
  if (!start || !isDone(run)) return false;
  const isWhole = start.asked !== undefined && start.asked.limit === undefined && isEmpty(start.asked);
  return isWhole && (start.command === 'bootstrap' || start.command === earlier.command);
}

const isEmpty = ({ roles, steps, tags }: NonNullable<RunStart['asked']>): boolean =>
  roles.length + steps.length + tags.length === 0;

/**
 * The last unfinished one of these runs, oldest first; undefined when later runs have done it all. A run that was resumed is told by the one
 * that resumed it. Pure.
 */
export function lastUnfinished(runs: readonly ReadRun[]): Unfinished | undefined {
  for (const [index, run] of [...runs.entries()].reverse()) {
    const start = startOf(run);
    if (!start || start.command === 'plan' || !hasBegun(run) || isDone(run)) continue;
    const later = runs.slice(index + 1);
    if (later.some((other) => startOf(other)?.resumes === run.name && hasBegun(other))) continue;
    if (later.some((other) => startOf(other)?.command !== 'plan' && settles(other, start))) continue;
    return unfinished(run, runs);
  }
  return undefined;
}

/** This run as one to go on with; undefined when it has no beginning that can be read. Pure. */
export function unfinished(run: ReadRun, runs: readonly ReadRun[]): Unfinished | undefined {
  const start = startOf(run);
  if (!start) return undefined;
  const outcomes = new Map<string, string>();
  for (const { events } of chainOf(run, runs))
    for (const event of events) if (event.type === 'step.end') outcomes.set(event.step, event.status);
  const done = [...outcomes].filter(([, status]) => status === 'changed' || status === 'unchanged').map(([step]) => step);
  return { run: run.name, start, done: new Set(done) };
}

/** The run after those that it resumed, oldest first. */
function chainOf(run: ReadRun, runs: readonly ReadRun[]): ReadRun[] {
  const resumed = startOf(run)?.resumes;
  const before = resumed === undefined ? undefined : runs.find(({ name }) => name === resumed && name < run.name);
  return before ? [...chainOf(before, runs), run] : [run];
}

export interface ResumeCount {
  readonly done: number;
  readonly left: number;
  /** Done then, and not as they should be now. */
  readonly undone: readonly string[];
}

/** What a fresh plan leaves of the run: done is what journal and machine both say. Pure. */
export function countResumed({ done }: Unfinished, steps: Iterable<string>, changes: ReadonlySet<string>): ResumeCount {
  const known = [...steps].filter((step) => done.has(step));
  return {
    done: known.filter((step) => !changes.has(step)).length,
    left: changes.size,
    undone: known.filter((step) => changes.has(step)),
  };
}
