import { describe, expect, it } from 'vitest';
import type { EngineEvent, StampedEvent } from '#src/engine/events.ts';
import { recordedEvents } from '#src/report/testing/recorded.ts';
import { RunRows } from './run-rows.ts';
import { columnsOf } from './width.ts';

const EVENTS = recordedEvents();
const STARTED = Date.parse(EVENTS.find(({ type }) => type === 'host.work')!.at);

/** What stood on the terminal so many seconds after the hosts began. */
function rowsAt(seconds: number, room: { columns: number; lines: number }): string[] {
  const now = STARTED + seconds * 1000;
  const rows = new RunRows();
  for (const event of EVENTS) if (Date.parse(event.at) <= now) rows.see(event);
  return rows.rows(now, room);
}

describe('the rows of a run at work', () => {
  it.each([3, 14, 26.5, 29, 60])('are those of the recorded one after %d s', async (seconds) => {
    const text = [rowsAt(seconds, { columns: 77, lines: 21 }), rowsAt(seconds, { columns: 40, lines: 3 })]
      .map((rows) => rows.join('\n'))
      .join('\n---\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`testing/rows-${seconds}.golden.txt`);
  });

  it.each([20, 40, 77, 197])('fit into %d columns at any time', (columns) => {
    for (let seconds = 0; seconds < 32; seconds += 1)
      for (const row of rowsAt(seconds, { columns, lines: 21 })) expect(columnsOf(row)).toBeLessThanOrEqual(columns);
  });

  it('show what runs longest where there is no room for all, and count the others', () => {
    const rows = new RunRows();
    const events: EngineEvent[] = [
      ...Array.from(
        { length: 300 },
        (_, index): EngineEvent => ({
          type: 'step.planned',
          host: `n${index}`,
          step: `os/a@n${index}`,
          title: 'a',
          change: { action: 'run', fields: [] },
        }),
      ),
      { type: 'host.work', hosts: [] },
      { type: 'host.done', host: 'n0' },
      { type: 'host.waiting', host: 'n1', for: 'os/a@n2' },
      { type: 'step.start', host: 'n2', step: 'os/a@n2', title: 'a' },
      { type: 'step.output', host: 'n2', step: 'os/a@n2', text: '読み込み中' },
      { type: 'step.start', host: 'n3', step: 'os/a@n3', title: 'a' },
      { type: 'warning', text: 'interrupted: running steps end' },
    ];
    for (const [seq, event] of events.entries())
      rows.see({ v: 1, seq, at: new Date(seq).toISOString(), ...event } as StampedEvent);
    expect(rows.rows(12_000, { columns: 60, lines: 5 })).toEqual([
      '0 of 300 steps, 12 s; interrupted: running steps end',
      '  n2  0/1    12 s  os/a  読み込み中',
      '  n3  0/1    12 s  os/a',
      '  n1  0/1    12 s  waits for os/a@n2',
      '  and 297 hosts more: 1 done, 296 at work',
    ]);
  });

  it('show a service that is watched, once what was done meanwhile has ended', () => {
    const rows = new RunRows();
    const planned = (name: string): EngineEvent => {
      const change = { action: 'run' as const, fields: [] };
      return { type: 'step.planned', host: 'n1', step: `os/${name}@n1`, title: name, change };
    };
    const events: EngineEvent[] = [
      planned('s'),
      planned('a'),
      { type: 'host.work', hosts: ['n1'] },
      { type: 'step.start', host: 'n1', step: 'os/s@n1', title: 's' },
      { type: 'step.start', host: 'n1', step: 'os/a@n1', title: 'a' },
      { type: 'step.end', host: 'n1', step: 'os/a@n1', title: 'a', status: 'changed', durationMs: 1 },
    ];
    for (const [seq, event] of events.entries())
      rows.see({ v: 1, seq, at: new Date(seq).toISOString(), ...event } as StampedEvent);
    expect(rows.rows(4_000, { columns: 60, lines: 5 }).at(-1)).toBe('  n1  1/2   4.0 s  os/s');
  });
});
