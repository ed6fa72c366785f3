import { expect, it } from 'vitest';
import { ApiUnavailableError, TimeoutError } from '#src/errors.ts';
import { KubeError } from '#src/kube/errors.ts';
import { poll } from './poll.ts';

const options = (timeoutSeconds: number, signal = new AbortController().signal) => ({
  what: 'it is there',
  timeoutSeconds,
  signal,
  host: 'n1',
  hint: 'look for it',
  intervalMs: 5,
});

it('ends as soon as nothing is in the way, over an API that is not there yet', async () => {
  const answers: (string | undefined | Error)[] = [
    new ApiUnavailableError('no API'),
    new KubeError('starting', 503, ''),
    'not yet',
    undefined,
    'too far',
  ];
  await poll(options(10), async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  expect(answers).toEqual(['too far']);
});

it('explains itself when the time is over', async () => {
  const waited = poll(
    options(0.02),
    async () => 'no Node yet',
    async () => 'the log',
  );
  await expect(waited).rejects.toMatchObject({
    message: 'waited 0.02 s until it is there: no Node yet',
    output: 'the log',
    host: 'n1',
  });
  await expect(waited).rejects.toBeInstanceOf(TimeoutError);
});

it('passes an error that waiting does not cure', async () => {
  await expect(poll(options(10), () => Promise.reject(new KubeError('forbidden', 403, 'Forbidden')))).rejects.toThrow(
    'forbidden',
  );
});

it('ends when it is told to', async () => {
  const controller = new AbortController();
  const waited = poll(options(10, controller.signal), async () => {
    controller.abort(new Error('enough'));
    return 'not yet';
  });
  await expect(waited).rejects.toThrow();
});
