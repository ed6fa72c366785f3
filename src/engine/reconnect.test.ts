import { expect, it } from 'vitest';
import { HostBusyError, HostKeyError, HostLostError, LockedError, PermissionError } from '#src/errors.ts';
import type { EngineEvent } from './events.ts';
import { pauseBefore, reconnect } from './reconnect.ts';

const loss = new HostLostError('lost n1 during os/x@n1: read ECONNRESET', { host: 'n1', step: 'os/x@n1' });
const refused = new HostLostError('cannot reach n1 at 10.0.0.1:22: ECONNREFUSED', { host: 'n1' });
const never = new AbortController().signal;

/** A host that says these in turn, the last one for ever; a try takes no time, a pause no real one. */
async function tries(
  answers: readonly (Error | string)[],
  options: { draining?: AbortController; withinMs?: number; inLineMs?: number } = {},
) {
  const events: EngineEvent[] = [];
  let now = 0;
  let asked = 0;
  let left = 0;
  const outcome = await reconnect({
    host: 'n1',
    loss,
    open: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (typeof answer === 'string') return answer;
      throw answer;
    },
    clock: {
      now: () => now,
      pause: async (ms) => {
        now += ms;
        if (now > 5_000) options.draining?.abort();
      },
    },
    turns: {
      take: async () => {
        now += options.inLineMs ?? 0;
        return () => {
          left += 1;
        };
      },
    },
    emit: (event) => events.push(event),
    draining: options.draining?.signal ?? never,
    signal: never,
    withinMs: options.withinMs ?? 90_000,
  }).catch((error: Error) => error);
  return {
    outcome,
    asked,
    left,
    pauses: events.map((event) => (event.type === 'host.reconnecting' ? event.pauseMs / 1000 : event)),
    now,
  };
}

it('doubles its pauses up to 30 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => pauseBefore(attempt))).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

it('says how many attempts it took', async () => {
  const { outcome, pauses } = await tries([refused, refused, 'back']);
  expect(outcome).toEqual({ opened: 'back', attempts: 3, durationMs: 7000 });
  expect(pauses).toEqual([1, 2, 4]);
});

it('gives up after 90 s, naming what ended the connection, the attempts and what was heard last', async () => {
  const { outcome, pauses, now } = await tries([refused]);
  expect(now).toBe(90_000);
  expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 29]);
  expect(outcome).toMatchObject({
    exitCode: 69,
    step: 'os/x@n1',
    message: `${loss.message}; 7 attempts in 90 s did not bring it back (${refused.message})`,
  });
});

it('waits longer for a machine that is back, and still runs what was begun', async () => {
  const busy = new HostBusyError('n1 is back, and still runs: apt-get (7)', { host: 'n1' });
  expect((await tries([...Array(9).fill(busy), 'back'])).outcome).toMatchObject({ opened: 'back', attempts: 10 });
  expect((await tries([busy])).outcome).toMatchObject({ exitCode: 69, message: expect.stringContaining('in 330 s did not') });
});

it.each([
  ['a login refused while the machine boots', new PermissionError('n1 does not let pi in'), 2],
  ['another host key', new HostKeyError('n1 does not have the host key that we know'), 1],
  ['the lock of another run', new LockedError('n1 is locked by run x'), 1],
])('%s', async (_, error, wanted) => {
  const { outcome, asked } = await tries([error, 'back']);
  expect(asked).toBe(wanted);
  if (wanted === 1) expect(outcome).toBe(error);
  else expect(outcome).toMatchObject({ opened: 'back' });
});

it('stops when the run is drained, saying what was waited for', async () => {
  const { outcome } = await tries([refused], { draining: new AbortController() });
  expect(outcome).toMatchObject({ exitCode: 130, message: 'interrupted while waiting for n1 to come back' });
});

it('time in line is not held against a host, and every turn is given up again', async () => {
  const { asked, left, now } = await tries([refused], { inLineMs: 100_000 });
  expect([asked, left, now]).toEqual([7, 7, 90_000 + 7 * 100_000]);
});
