import { z } from 'zod';
import type { StampedEvent } from './events.ts';

/**
 * The published form of the events: what `picluster schema events` prints, what docs/events.md lists, what a journal is read with.
 * Version 1 grows only: new events and new optional fields. Whoever reads it skips what it does not know.
 */
const text = z.string();
const ref = text.describe('`role/step@host`, unique in a run');
const host = text.describe('name in the inventory; `control` is the machine that picluster runs on');
const milliseconds = z.number().describe('milliseconds');
const count = z.int().min(0);

export const ChangeSchema = z
  .object({
    action: z.enum(['create', 'update', 'delete', 'restart', 'run']),
    fields: z
      .array(z.object({ field: text, before: text.optional(), after: text.optional() }))
      .describe('what differs, secrets masked; without `before` it is not there yet, without `after` it goes'),
    diff: text.optional().describe('unified diff of a file'),
    destructive: text.optional().describe('what is lost; such a change is confirmed by typing the cluster’s name'),
    knownAfter: text
      .optional()
      .describe('ref of an earlier step that may make it right by itself: only then it is known whether it is done'),
    note: text.optional(),
  })
  .meta({ title: 'Change' })
  .describe('the difference between desired and observed');

const EventError = z
  .object({
    code: text.describe('`E_STEP`, `E_HOST_LOST`, ...; `E_BUG` for what is a bug of picluster'),
    message: text,
    host: host.optional(),
    step: ref.optional(),
    command: text.optional().describe('what was run, without secrets'),
    output: text.optional().describe('what the machine said'),
    hint: text.optional().describe('what to do next'),
  })
  .meta({ title: 'Error' })
  .describe('what failed, where, what the machine said, what to do next');

const Traffic = z
  .object({ requests: count, bytesSent: count, bytesReceived: count })
  .meta({ title: 'Traffic' })
  .describe('round trips, and bytes of the connection as its channels saw them');

const Status = z.enum(['unchanged', 'changed', 'failed', 'not-reached', 'skipped']);

const Asked = z
  .object({
    limit: text.optional().describe('the pattern of `--limit`'),
    roles: z.array(text),
    steps: z.array(text),
    tags: z.array(text),
    set: z.array(text).describe('names of the variables that `--set` gave a value; the values are not kept'),
    kubeconfig: text.optional().describe('the file of `--kubeconfig`'),
    inventory: text.describe('digest of the cluster directory'),
  })
  .meta({ title: 'Asked' })
  .describe('the command line of a run; empty lists mean everything');

const stamp = {
  v: z.literal(1).describe('version of the schema'),
  seq: count.describe('counts from 0; in a run no number is missing'),
  at: text.meta({ format: 'date-time' }).describe('when it was written, UTC'),
};

function event<Type extends string, Shape extends z.core.$ZodShape>(type: Type, says: string, shape: Shape) {
  return z.object({ ...stamp, type: z.literal(type), ...shape }).meta({ title: type, description: says });
}

export const StampedEventSchema = z.discriminatedUnion('type', [
  event('run.start', 'The first event of a run.', {
    run: text.describe('name of the run; sorts by time'),
    command: text.describe('`plan`, `apply`, `bootstrap`'),
    cluster: text,
    release: text,
    hosts: z.array(text).describe('the hosts chosen, in the order of the inventory'),
    version: text.describe('of picluster'),
    by: text.optional().describe('`user@machine` that started it'),
    asked: Asked.optional().describe('what it takes to ask the same again: `--resume`'),
    resumes: text.optional().describe('the unfinished run that this one goes on with'),
  }),
  event('phase.start', 'A part of the run that all hosts go through together begins.', {
    phase: text.describe('`connect`, `plan`, `apply`'),
  }),
  event('phase.end', 'It ended, well or not.', { phase: text, durationMs: milliseconds }),
  event('plan.graph', 'What the run is made of: the roles of each host, and what waits for what.', {
    roles: z.array(z.object({ host, role: text, steps: count, pools: z.array(text) })),
    edges: z.array(z.object({ from: text, to: text })).describe('`role@host`: `to` waits for `from`'),
  }),
  event('host.connecting', 'A login begins.', { host, address: text }),
  event('host.key.trusted', 'First contact: the key of this host is trusted from now on.', { host, fingerprint: text }),
  event('host.connected', 'Logged in, root, locked, and asked for its facts.', { host, durationMs: milliseconds }),
  event('host.facts', 'What the host said about itself, in a line.', { host, summary: text }),
  event('host.observed', 'The state of all its steps was looked at.', {
    host,
    steps: count.describe('looked at'),
    changes: count.describe('of them that are not as they should be'),
    durationMs: milliseconds,
  }),
  event('host.work', 'The hosts begin to work, each at its own pace.', { hosts: z.array(text) }),
  event('host.done', 'Every step of the host has its outcome.', { host }),
  event('host.waiting', 'The host cannot go on before a step of another host has ended. It goes on with its next event.', {
    host,
    for: ref,
  }),
  event('host.queued', 'The host waits for its turn in a pool, where hosts work one at a time. It goes on with its next event.', {
    host,
    pool: text.describe('`etcd-membership`'),
  }),
  event('host.reconnecting', 'The connection was lost, and is made again after a pause.', {
    host,
    attempt: count.describe('counts from 1'),
    pauseMs: milliseconds,
    reason: text.describe('what ended the connection, or the last attempt'),
  }),
  event('host.reconnected', 'The host is back, locked again, and was asked for its facts again.', {
    host,
    attempts: count,
    durationMs: milliseconds,
    rebooted: z.boolean().describe('its boot id is another one'),
  }),
  event('host.lost', 'The host could not be reached, or not any more.', { host, error: EventError }),
  event('host.end', 'The connection was closed.', { host, traffic: Traffic, durationMs: milliseconds }),
  event('step.planned', 'The plan says that this step changes something.', {
    host,
    step: ref,
    title: text,
    change: ChangeSchema,
  }),
  event('step.start', 'A step begins to change something. Steps that are as they should be have no start.', {
    host,
    step: ref,
    title: text,
  }),
  event('step.output', 'A line that the machine said while the step ran.', { host, step: ref, text }),
  event('step.end', 'The outcome of a step; every step of a run that applies has exactly one.', {
    host,
    step: ref,
    title: text,
    status: Status,
    change: ChangeSchema.optional(),
    durationMs: milliseconds.describe('milliseconds; 0 for what was not run'),
    error: EventError.optional(),
    reason: text.optional().describe('why it was not reached'),
  }),
  event('hook.end', 'A command that the operator has put around a command, a role or a step has ended.', {
    host: host.optional(),
    hook: text.describe('`before k3s-server`'),
    on: z.enum(['control', 'host']).describe('where it ran'),
    status: z.enum(['done', 'failed']),
    exitCode: z.int(),
    durationMs: milliseconds,
    output: text.describe('the end of what it said'),
  }),
  event('fact', 'Something that is good to know.', { host: host.optional(), text }),
  event('warning', 'Something that needs an eye.', { host: host.optional(), text }),
  event('run.end', 'The last event. A run without it is under way, or was killed.', {
    status: z.enum(['done', 'failed', 'interrupted']),
    exitCode: z.int(),
    changed: count,
    failed: count,
    notReached: count,
    durationMs: milliseconds,
  }),
]);

/** The compiler refuses this file as soon as events.ts and the schema differ in an event, a field, its type, or whether it may be missing. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;
type ByType<Event extends { type: string }> = { [Type in Event['type']]: Plain<Extract<Event, { type: Type }>> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Differing<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B ? (Same<A[K], B[K]> extends true ? never : K) : K;
}[keyof A | keyof B];
type Refused = Differing<ByType<StampedEvent>, ByType<z.infer<typeof StampedEventSchema>>>;
/** The compiler's error at this line names the events that differ. */
({}) satisfies Record<Refused, never>;

/** JSON Schema (draft 2020-12) of one line of a journal and of `--output json`. */
export const eventJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(StampedEventSchema, { io: 'input' }),
  title: 'picluster: events',
});
