import { expect, it } from 'vitest';
import type { StampedEvent } from '#src/engine/events.ts';
import { countResumed, lastUnfinished, type ReadRun, unfinished } from './unfinished.ts';

interface Recorded {
  name: string;
  command?: string;
  limit?: string;
  resumes?: string;
  /** It began to work on machines; default: yes. */
  began?: boolean;
  /** How it ended; without: it was killed. */
  end?: 'done' | 'failed' | 'interrupted';
  steps?: Record<string, string>;
}

const run = ({ name, command = 'apply', limit, resumes, began = true, end, steps = {} }: Recorded): ReadRun => ({
  name,
  events: [
    { type: 'run.start', command, asked: { limit, roles: [], steps: [], tags: [], set: [], inventory: '' }, resumes },
    ...(began ? [{ type: 'host.work', hosts: [] }] : []),
    ...Object.entries(steps).map(([step, status]) => ({ type: 'step.end', step, status })),
    ...(end ? [{ type: 'run.end', status: end }] : []),
  ] as unknown as StampedEvent[],
});

it.each<[string, Recorded[], string | undefined]>([
  ['nothing on record', [], undefined],
  ['all went well', [{ name: '1', end: 'done' }], undefined],
  ['killed', [{ name: '1', end: 'done' }, { name: '2' }], '2'],
  [
    'failed, then only planned',
    [
      { name: '1', end: 'failed' },
      { name: '2', command: 'plan', end: 'done' },
    ],
    '1',
  ],
  [
    'interrupted, then locked out',
    [
      { name: '1', end: 'interrupted' },
      { name: '2', began: false, end: 'failed' },
    ],
    '1',
  ],
  [
    'failed, then done without --resume',
    [
      { name: '1', end: 'failed' },
      { name: '2', end: 'done' },
    ],
    undefined,
  ],
  [
    'failed, then something smaller was done',
    [
      { name: '1', end: 'failed' },
      { name: '2', limit: 'n1', end: 'done' },
    ],
    '1',
  ],
  [
    'a bootstrap failed, then an apply was done',
    [
      { name: '1', command: 'bootstrap' },
      { name: '2', end: 'done' },
    ],
    '1',
  ],
  ['an apply failed, then a bootstrap was done', [{ name: '1' }, { name: '2', command: 'bootstrap', end: 'done' }], undefined],
  [
    'resumed, and done with it',
    [
      { name: '1', limit: 'n1' },
      { name: '2', limit: 'n1', resumes: '1', end: 'done' },
    ],
    undefined,
  ],
  ['resumed, and killed again', [{ name: '1' }, { name: '2', resumes: '1' }], '2'],
  [
    'two of them',
    [
      { name: '1', limit: 'n1' },
      { name: '2', limit: 'n2' },
    ],
    '2',
  ],
])('the last unfinished run: %s', (_, runs, expected) => {
  expect(lastUnfinished(runs.map(run))?.run).toBe(expected);
});

it('counts as done what any run of the chain has done last', () => {
  const runs = [
    run({ name: '1', steps: { a: 'changed', b: 'failed', c: 'not-reached', d: 'unchanged' } }),
    run({ name: '2', resumes: '1', steps: { b: 'changed', d: 'failed' } }),
  ];
  const found = unfinished(runs[1] as ReadRun, runs);
  expect(found?.done).toEqual(new Set(['a', 'b']));
});

it('a step is done when journal and machine both say so', () => {
  const resumed = unfinished(run({ name: '1', steps: { a: 'changed', b: 'changed', c: 'failed' } }), []);
  if (!resumed) throw new TypeError('no such run');
  // `gone` was done and is not in the inventory any more; `b` has been undone since; `d` is new
  expect(countResumed(resumed, ['a', 'b', 'c', 'd'], new Set(['b', 'c', 'd']))).toEqual({ done: 1, left: 3, undone: ['b'] });
});

it('a journal without its beginning is no run to go on with', () => {
  expect(unfinished({ name: '1', events: [] }, [])).toBeUndefined();
});
