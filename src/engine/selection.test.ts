import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.ts';
import { defineAction } from '#src/role/action.ts';
import { type StepOptions, step } from '#src/role/step.ts';
import { buildGraph } from './graph.ts';
import { ALL_STEPS, predecessors, restrictGraph, selectSteps } from './selection.ts';

const draft = (name: string, options: StepOptions = {}) =>
  step(
    defineAction({ name, title: name, planned: { action: 'run', fields: [] }, check: async () => 'done', run: async () => {} }),
    options,
  );
const graph = buildGraph([
  { host: 'n1', role: 'os', list: [draft('names', { tags: ['dns'] }), draft('ssh', { tags: ['ssh'] })] },
  { host: 'n1', role: 'time', list: [draft('file:/etc/chrony.conf'), draft('service:chrony', { tags: ['dns'] })] },
  { host: 'n2', role: 'time', list: [draft('service:chrony', { after: ['time/service:chrony@n1'] })] },
]);
const select = (selection: Partial<typeof ALL_STEPS>): string[] => [
  ...selectSteps([...graph.steps.values()], { ...ALL_STEPS, ...selection }),
];

describe('selectSteps', () => {
  it.each([
    [{}, [...graph.steps.keys()]],
    [{ roles: ['os'] }, ['os/names@n1', 'os/ssh@n1']],
    [{ tags: ['ssh', 'dns'] }, ['os/names@n1', 'os/ssh@n1', 'time/service:chrony@n1']],
    [{ roles: ['time'], tags: ['dns'] }, ['time/service:chrony@n1']],
    [{ steps: ['service:chrony'] }, ['time/service:chrony@n1', 'time/service:chrony@n2']],
    [{ steps: ['time/file:*'] }, ['time/file:/etc/chrony.conf@n1']],
    [{ steps: ['time/service:chrony@n2'] }, ['time/service:chrony@n2']],
  ])('%j', (selection, expected) => {
    expect(select(selection)).toEqual(expected);
  });

  it.each([
    [{ roles: ['tme'] }, '--role: nothing is called "tme"; did you mean "time"?', 'known: os, time'],
    [{ tags: ['shs'] }, '--tags: nothing is called "shs"; did you mean "ssh"?', 'known: dns, ssh'],
    [{ steps: ['service:crony'] }, '--step: nothing is called "service:crony"; did you mean "service:chrony"?', 'known: file'],
    [{ roles: ['os'], steps: ['service:chrony'] }, 'no step is of all that', 'narrows'],
  ])('refuses %j', (selection, message, hint) => {
    try {
      select(selection);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect([(error as UsageError).message, (error as UsageError).hint]).toEqual([
        expect.stringContaining(message),
        expect.stringContaining(hint),
      ]);
    }
  });
});

it('a restricted graph does the chosen steps only; what they wait for among the others lies outside', () => {
  const restricted = restrictGraph(graph, new Set(['time/service:chrony@n1', 'time/service:chrony@n2']));
  expect([...restricted.byHost].map(([host, steps]) => [host, steps.map(({ ref }) => ref)])).toEqual([
    ['n1', ['time/service:chrony@n1']],
    ['n2', ['time/service:chrony@n2']],
  ]);
  expect(restricted.outside).toEqual([{ from: 'time/service:chrony@n1', to: 'time/file:/etc/chrony.conf@n1' }]);
  expect(restricted.leftOut.get('n1')?.map(({ name }) => name)).toEqual(['names', 'ssh', 'file:/etc/chrony.conf']);
});

it('predecessors are those of predecessors too', () => {
  expect([...predecessors(graph, ['time/service:chrony@n2'])]).toEqual([
    'time/service:chrony@n1',
    'time/file:/etc/chrony.conf@n1',
    'os/ssh@n1',
    'os/names@n1',
  ]);
});
