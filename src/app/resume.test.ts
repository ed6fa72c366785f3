import { expect, it } from 'vitest';
import type { Unfinished } from '#src/report/unfinished.ts';
import type { ExecuteOptions } from './execute.ts';
import { askedAgain, runToResume } from './resume.ts';

const options: ExecuteOptions = {
  command: 'apply',
  set: [],
  role: [],
  step: [],
  tags: [],
  resume: true,
  output: 'text',
  diff: true,
  isConfirmed: true,
  kubeconfig: undefined,
};
const asked = { limit: 'n1', roles: ['os'], steps: [], tags: ['ssh'], set: ['os.timezone'], kubeconfig: '/k', inventory: '' };
const killed = { run: '20261121T080000-00aa', start: { command: 'bootstrap', asked }, done: new Set() } as unknown as Unfinished;

it('asks the same again: command, hosts, steps, kubeconfig', () => {
  expect(askedAgain({ ...options, set: ['os.timezone=Europe/Madrid'] }, killed)).toMatchObject({
    command: 'bootstrap',
    limit: 'n1',
    role: ['os'],
    tags: ['ssh'],
    kubeconfig: '/k',
  });
});

it('wants values that were given by --set once more, as they are not kept', () => {
  expect(() => askedAgain(options, killed)).toThrow(/--set os\.timezone, whose values are not kept/);
});

it('takes no other choice of hosts or steps beside it', async () => {
  await expect(runToResume({ ...options, limit: 'n2' })).rejects.toMatchObject({ exitCode: 64 });
});
