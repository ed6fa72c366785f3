import { expect, test } from 'vitest';
import { ApiUnavailableError, InterruptedError, StepFailedError, TimeoutError } from '#src/errors.ts';
import { KubeError } from './errors.ts';
import { waitFor } from './wait.ts';

const never = new AbortController().signal;
const options = { what: 'rain', timeoutMs: 1000, everyMs: 5, signal: never, explain: () => 'a clear sky' };

test('asks until there is something, over an API that comes and goes', async () => {
  const answers = [
    () => undefined,
    () => {
      throw new ApiUnavailableError('away');
    },
    () => {
      throw new KubeError('busy', 503, '');
    },
    () => 'rain',
  ];
  expect(await waitFor(async () => answers.shift()?.(), options)).toBe('rain');
  expect(answers).toEqual([]);
});

test('a timeout says what was seen last, and what went wrong', async () => {
  const check = async () => {
    throw new ApiUnavailableError('connection refused');
  };
  const error = await waitFor(check, { ...options, timeoutMs: 20 }).catch((error) => error);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error.message).toContain('in vain for rain');
  expect(error.output).toBe('connection refused\na clear sky');
});

test('an explanation that fails does not hide the timeout', async () => {
  const explain = async () => {
    throw new Error('no API');
  };
  const error = await waitFor(async () => undefined, { ...options, timeoutMs: 10, explain }).catch((error) => error);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error.output).toBe('no explanation: no API');
});

test('an abort ends the wait at once', async () => {
  const abort = new AbortController();
  const waiting = waitFor(async () => undefined, { ...options, everyMs: 60_000, timeoutMs: 60_000, signal: abort.signal });
  abort.abort();
  await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
});

test.each([new KubeError('no right', 403, 'Forbidden'), new StepFailedError('it gave up')])(
  '%s is not waited out',
  async (error) => {
    const check = async () => {
      throw error;
    };
    await expect(waitFor(check, options)).rejects.toBe(error);
  },
);
