import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Host } from '#src/cluster/cluster.ts';
import { EXIT } from '#src/errors.ts';
import { changeOf } from '#src/resource/changes.ts';
import { command } from '#src/resource/command.ts';
import { file } from '#src/resource/file.ts';
import { defineKind, NO_START_KNOWN } from '#src/resource/kind.ts';
import { defineAction } from '#src/role/action.ts';
import type { RoleInput } from '#src/role/role.ts';
import { parallel, type StepList, step, stepRef } from '#src/role/step.ts';
import { joinScripts, sh } from '#src/shell/script.ts';
import type { RunOptions } from './run-options.ts';
import { type TestRun, testRun } from './testing/run.ts';

/** Real shells on this machine. What stands for a service is a file; it has died when `<path>.died` is there. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'picluster-watch-'));
  vi.stubEnv('known_sums_file', join(root, 'sums'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Its start is known as long as `<path>.note` is there. */
const daemon = defineKind({
  name: 'daemon',
  schema: z.strictObject({ path: z.string(), afterMs: z.number().default(0) }),
  disturbs: true,
  isSensitive: true,
  id: ({ path }) => path.slice(path.lastIndexOf('/') + 1),
  probe: (specs) => joinScripts(specs.map(({ path }) => sh`record "$(ls ${path} 2>/dev/null)"`)),
  parse: ([found = '']) => found,
  diff: (_, found) => changeOf('update', found ? [] : [{ field: 'running', before: 'stopped', after: 'running' }]),
  apply: ({ path }) => ({ script: sh`echo started >>${path}.starts; touch ${path} ${path}.note` }),
  watch: ({ path, afterMs }) => ({
    afterMs,
    script: sh`
      [ ! -e ${path}.died ] || { echo 'my last words' >&2; exit 1; }
      [ -e ${path}.note ] || exit ${NO_START_KNOWN}`,
  }),
  fingerprint: ({ path }) => path,
});

const owned = { owner: String(process.getuid?.()), group: String(process.getgid?.()) };
const path = (name: string): string => join(root, name);
const service = (name: string, afterMs = 0) => step(daemon({ path: path(name), afterMs }), { name });
const plain = (name: string) => step(file({ path: path(name), content: name, ...owned }), { name });
const asked = (name: string) => step(command({ title: name, run: sh`touch ${path(name)}`, creates: path(name) }), { name });

const go = (list: StepList | ((host: Host) => StepList), overrides: Partial<RunOptions> = {}, names = ['n1']): Promise<TestRun> =>
  testRun(root, names, ({ host }: RoleInput<unknown>) => (typeof list === 'function' ? list(host) : list), overrides);

/** `start a`, `changed a`, ... in the order of the journal; the role and the only host are left out. */
const order = ({ events }: TestRun): string[] =>
  events.flatMap((event) => {
    if (event.type !== 'step.start' && event.type !== 'step.end') return [];
    return [`${event.type === 'step.start' ? 'start' : event.status} ${event.step.replace(/^r\/|@n1$/g, '')}`];
  });

it('files go on while a service is watched; what may need it waits', async () => {
  const first = await go([service('s'), plain('a'), plain('b'), asked('c'), plain('d')]);
  expect(first.result).toMatchObject({ changed: 5, exitCode: EXIT.done });
  expect(order(first)).toEqual(
    ['start s', 'start a', 'start b', 'changed a', 'changed b', 'changed s'].concat(
      'start c',
      'changed c',
      'start d',
      'changed d',
    ),
  );
  expect((await go([service('s'), plain('a'), plain('b'), asked('c'), plain('d')])).plan).toEqual([]);
});

it('services side by side are watched together; one that stands after another waits for it', async () => {
  expect(order(await go([parallel([service('s'), service('t')]), service('u')]))).toEqual(
    ['start s', 'start t', 'changed s', 'changed t'].concat('start u', 'changed u'),
  );
});

it('a file that names the service waits for it', async () => {
  const started = service('s');
  const named = step(file({ path: path('a'), content: 'a', ...owned }), { name: 'a', after: [started] });
  expect(order(await go([started, named]))).toEqual(['start s', 'changed s', 'start a', 'changed a']);
});

it('nobody else goes on from what was done meanwhile before the service is seen to stay up', async () => {
  const act = defineAction({
    name: 'act',
    title: 'act',
    planned: { action: 'run', fields: [] },
    check: async () => (existsSync(path('acted')) ? 'done' : 'later'),
    run: async () => writeFileSync(path('acted'), ''),
  });
  const elsewhere = step(file({ path: path('x'), content: 'x', ...owned }), { name: 'x', after: [stepRef('r', 'a', 'n1')] });
  const outcome = await go(({ name }) => (name === 'n1' ? [service('s'), plain('a'), step(act)] : [elsewhere]), {}, ['n1', 'n2']);
  expect(order(outcome)).toEqual(
    expect.arrayContaining(['start s', 'start a', 'changed a', 'changed s', 'start act', 'start x@n2', 'changed x@n2']),
  );
  const at = (line: string): number => order(outcome).indexOf(line);
  expect(at('changed s')).toBeLessThan(Math.min(at('start act'), at('start x@n2')));
});

it('a service that dies fails by name with its last words; what was done meanwhile is said, and nobody goes on from it', async () => {
  writeFileSync(path('s.died'), '');
  const after = (ref: string) =>
    step(file({ path: path('x'), content: 'x', ...owned }), { name: 'x', after: [stepRef('r', ref, 'n1')] });
  const outcome = await go(({ name }) => (name === 'n1' ? [service('s'), plain('a'), asked('c')] : [after('a')]), {}, [
    'n1',
    'n2',
  ]);
  expect(order(outcome).filter((line) => !line.startsWith('start'))).toEqual(
    expect.arrayContaining(['changed a', 'failed s', 'not-reached c', 'not-reached x@n2']),
  );
  expect(outcome.result).toMatchObject({ changed: 1, failed: 1, notReached: 2, exitCode: EXIT.stepFailed });
  const failed = outcome.events.find((event) => event.type === 'step.end' && event.status === 'failed');
  expect(failed).toMatchObject({ error: { step: 'r/s@n1', host: 'n1', output: 'my last words' } });
  expect(outcome.events).toContainEqual(
    expect.objectContaining({ type: 'warning', text: expect.stringMatching(/watched.*r\/a@n1$/) }),
  );
  expect(outcome.events).toContainEqual(expect.objectContaining({ step: 'r/x@n2', reason: 'r/s@n1 failed' }));
});

it('one of two that dies does not take the other with it', async () => {
  writeFileSync(path('t.died'), '');
  const { result, events } = await go([parallel([service('s'), service('t')])]);
  expect(result).toMatchObject({ changed: 1, failed: 1 });
  expect(events).toContainEqual(expect.objectContaining({ type: 'step.end', step: 'r/s@n1', status: 'changed' }));
});

it('of whose start nothing is known any more, that is started again, once', async () => {
  const forget = (event: { type: string; step?: string }): void => {
    if (event.type === 'step.end' && event.step === 'r/a@n1') for (const name of ['s', 's.note']) rmSync(path(name));
  };
  const outcome = await go([service('s'), plain('a'), asked('c')], { emit: forget });
  expect(outcome.result).toMatchObject({ changed: 3, failed: 0 });
  expect(order(outcome)).toEqual(['start s', 'start a', 'changed a', 'start s', 'changed s', 'start c', 'changed c']);
});

it('Ctrl-C lets a watch end, and begins nothing meanwhile', async () => {
  const drain = new AbortController();
  const emit: RunOptions['emit'] = (event) => {
    if (event.type === 'step.start') drain.abort();
  };
  const outcome = await go([service('s'), plain('a')], { draining: drain.signal, emit });
  expect(order(outcome)).toEqual(['start s', 'changed s', 'not-reached a']);
  expect(outcome.result?.exitCode).toBe(EXIT.interrupted);
});

it('a second Ctrl-C ends a watch at once: what was not seen to stay up does not count', async () => {
  const stop = new AbortController();
  const emit: RunOptions['emit'] = (event) => {
    if (event.type === 'step.end' && event.step === 'r/a@n1') stop.abort();
  };
  const outcome = await go([service('s', 3_600_000), plain('a'), asked('c')], { signal: stop.signal, emit });
  expect(order(outcome)).toEqual(['start s', 'start a', 'changed a', 'not-reached s', 'not-reached c']);
  expect(outcome.result).toMatchObject({ changed: 1, notReached: 2, exitCode: EXIT.interrupted });
});
