import { expect, it } from 'vitest';
import type { StampedEvent } from '#src/engine/events.ts';
import { tableLines } from './table.ts';
import { TimingCollector } from './timing.ts';

const end = (step: string, at: string, durationMs: number, status = 'changed') =>
  ({ type: 'step.end', host: 'n1', step, title: step, status, durationMs, at, seq: 0, v: 1 }) as StampedEvent;

it('measures a role from its first start to its last end, over all hosts', () => {
  const timing = new TimingCollector();
  timing.onEvent({ type: 'phase.end', phase: 'connect', durationMs: 120, at: '', seq: 0, v: 1 });
  timing.onEvent(end('os/a@n1', '2026-01-01T00:00:05Z', 2000));
  timing.onEvent(end('os/b@n2', '2026-01-01T00:00:09Z', 1000));
  timing.onEvent(end('os/c@n2', '2026-01-01T00:01:00Z', 0, 'unchanged'));
  expect(timing.timings).toEqual([
    { part: 'connect', durationMs: 120 },
    { part: 'os', durationMs: 6000 },
  ]);
});

it('pads columns to their widest cell', () => {
  expect(
    tableLines([
      ['NODE', 'READY'],
      ['n1', 'True'],
      ['node-long', 'False'],
    ]),
  ).toEqual(['NODE       READY', 'n1         True', 'node-long  False']);
});
