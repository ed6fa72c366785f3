import { expect, it } from 'vitest';
import { StepFailedError } from '#src/errors.ts';
import { told } from './machine-output.ts';

it('tells what the machine said and what to do next, of an error and of what caused it', () => {
  const cause = new StepFailedError('load: exit status 3', {
    host: 'n1',
    step: 'site/load@n1',
    output: 'one\ntwo\n',
    hint: 'mend it',
  });
  expect(told('a test', [new Error('not as expected', { cause })])).toEqual([
    'What the machines said in: a test',
    'E_STEP (n1, site/load@n1)',
    '  load: exit status 3',
    '  the machine said:',
    '    | one',
    '    | two',
    '  next: mend it',
  ]);
});

it('says nothing of errors that have nothing to add', () => {
  expect(told('a test', [new Error('expected 1 to be 2'), new TypeError('x', { cause: 'text' })])).toEqual([]);
});
