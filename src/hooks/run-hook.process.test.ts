import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import type { EngineEvent } from '#src/engine/events.ts';
import { HookFailedError, InterruptedError } from '#src/errors.ts';
import { localConnection } from '#src/transport/local.ts';
import type { Hook } from './hook.ts';
import { runHook } from './run-hook.ts';

const hook = (run: string, extra: Partial<Hook> = {}): Hook => ({
  when: 'before',
  point: { type: 'role', role: 'a' },
  title: 'before a',
  run,
  on: 'control',
  hosts: undefined,
  timeoutMs: 20_000,
  failure: 'stop',
  ...extra,
});

async function go(wanted: Hook, signal = new AbortController().signal) {
  const events: EngineEvent[] = [];
  const connection = localConnection({ host: 'n1' });
  const base = { run: 'r', command: 'apply', cluster: 'home', release: 'v1.9' };
  const shell = () => connection.shell({ signal, become: { method: 'none' } });
  const options = { directory: tmpdir(), base, signal, emit: (event: EngineEvent) => events.push(event), shell };
  const error = await runHook(wanted, { host: 'n1', role: 'a' }, options).catch((thrown: unknown) => thrown);
  await connection.close();
  return { error, events };
}

it.each(['control', 'host'] as const)('on %s: reads JSON on standard input, and its output is kept', async (on) => {
  const { error, events } = await go(hook("cat; echo it\\'s done >&2", { on }));
  expect(error).toBeUndefined();
  const [event] = events;
  if (event?.type !== 'hook.end') throw new TypeError('no hook.end');
  const [input = '', said] = event.output.split('\n');
  expect(JSON.parse(input)).toEqual({
    v: 1,
    hook: 'before a',
    run: 'r',
    command: 'apply',
    cluster: 'home',
    release: 'v1.9',
    host: 'n1',
    role: 'a',
  });
  expect([event.status, said]).toEqual(['done', "it's done"]);
});

it.each(['control', 'host'] as const)('on %s: a failure stops, and says what the hook said', async (on) => {
  const { error, events } = await go(hook('echo no disk; exit 3', { on }));
  expect(error).toBeInstanceOf(HookFailedError);
  expect(error).toMatchObject({ message: 'the hook before a ended with exit status 3', output: 'no disk', host: 'n1' });
  expect(events).toMatchObject([{ type: 'hook.end', status: 'failed', exitCode: 3 }]);
});

it('failure: warn goes on and says so', async () => {
  const { error, events } = await go(hook('exit 1', { failure: 'warn' }));
  expect(error).toBeUndefined();
  expect(events.map(({ type }) => type)).toEqual(['hook.end', 'warning']);
});

it.each(['control', 'host'] as const)('on %s: one that does not end is ended', async (on) => {
  const { error } = await go(hook('sleep 60', { on, timeoutMs: 300 }));
  expect(error).toBeInstanceOf(HookFailedError);
  expect((error as HookFailedError).output).toMatch(/within 0.3 s/);
});

it('the second Ctrl-C ends it', async () => {
  const { error } = await go(hook('sleep 60'), AbortSignal.timeout(300));
  expect(error).toBeInstanceOf(InterruptedError);
});
