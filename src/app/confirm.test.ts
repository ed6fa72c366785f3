import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { confirm, questionFor } from './confirm.ts';

const update = { host: 'n1', change: { action: 'update', fields: [] } } as const;

it('takes a yes for what can be undone', () => {
  expect(questionFor({ changes: [update] }, 'home')).toEqual({ text: 'Do these 1 changes? Type yes: ', answer: 'yes' });
});

it('wants the name of the cluster where something is lost', () => {
  const lossy = { ...update, change: { ...update.change, destructive: 'its content is lost' } };
  const { text, answer } = questionFor({ changes: [update, lossy] }, 'home');
  expect(answer).toBe('home');
  expect(text).toContain('1 of these 2 changes is DESTRUCTIVE');
});

it.each([
  ['home', true],
  ['  home ', true],
  ['yes', false],
  ['', false],
])('asks, and takes %j for %j', async (typed, expected) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(`${typed}\n`);
  expect(await confirm({ text: 'The name? ', answer: 'home' }, { input, output })).toBe(expected);
  expect(String(output.read())).toContain('The name? ');
});
