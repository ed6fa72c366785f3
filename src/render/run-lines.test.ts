import { describe, expect, it } from 'vitest';
import type { EngineEvent, StampedEvent } from '#src/engine/events.ts';
import { recordedEvents } from '#src/report/testing/recorded.ts';
import { type LineOptions, RunLines } from './run-lines.ts';

const linesOf = (events: readonly StampedEvent[], options: LineOptions = { showDiffs: false, isVerbose: false }): string[] => {
  const lines = new RunLines(options);
  return events.flatMap((event) => lines.linesFor(event));
};
const stamped = (events: readonly EngineEvent[]): StampedEvent[] =>
  events.map((event, seq) => ({ v: 1, seq, at: '2026-01-01T00:00:00Z', ...event }));

describe('the lines of a run', () => {
  it('are those of the recorded one', async () => {
    await expect(`${linesOf(recordedEvents()).join('\n')}\n`).toMatchFileSnapshot('testing/recorded-lines.golden.txt');
  });

  it('are never more than one a finished step, and few where nothing changes', () => {
    const events = recordedEvents();
    const ended = linesOf(events).filter((line) => /^\[ *\d+\/\d+\] changed/.test(line));
    expect(ended).toHaveLength(events.filter((event) => event.type === 'step.end' && event.status === 'changed').length);
    const converged = events.filter((event) => !event.type.startsWith('step.') && event.type !== 'host.waiting');
    expect(linesOf(converged)).toHaveLength(2);
  });

  it('hold what machines say and what is waited for on request', () => {
    const all = linesOf(recordedEvents(), { showDiffs: true, isVerbose: true });
    expect(all).toContain('  n1 | table 2 of 4');
    expect(all).toContain('n2: waits for site/index@n1');
    expect(all).toContain('n1: Debian GNU/Linux 12 (bookworm), amd64');
  });

  it('say at once for whom a step waits on its machine', () => {
    const output = (text: string): EngineEvent => ({ type: 'step.output', host: 'n1', step: 'os/package:a@n1', text });
    const waiting = 'waiting: /var/lib/dpkg/lock is locked by apt (pid 4)';
    expect(linesOf(stamped([output('Reading package lists'), output(waiting)]))).toEqual([`n1: ${waiting}`]);
  });

  it('are cut to a terminal, but for what says that data is lost', () => {
    const fields = [{ field: 'a rather long field', before: 'something', after: 'something else' }];
    const planned = (destructive?: string): StampedEvent[] =>
      stamped([
        { type: 'step.planned', host: 'n1', step: 'os/a@n1', title: 'a', change: { action: 'update', fields, destructive } },
      ]);
    const options = { showDiffs: false, isVerbose: false, columns: () => 30 };
    expect(linesOf(planned(), options)).toEqual(['  ~ os/a@n1: update (a rather…']);
    expect(linesOf(planned('wipes the disk'), options)[0]).toContain('wipes the disk');
  });

  it('name few hosts and count many', () => {
    const summary = 'Debian';
    const facts = (count: number): StampedEvent[] =>
      stamped([
        ...Array.from({ length: count }, (_, index): EngineEvent => ({ type: 'host.facts', host: `n${index}`, summary })),
        { type: 'host.facts', host: 'x', summary: 'Ubuntu' },
        { type: 'phase.end', phase: 'connect', durationMs: 400 },
      ]);
    expect(linesOf(facts(2))).toEqual(['connected in 0.4 s; n0, n1: Debian; x: Ubuntu']);
    expect(linesOf(facts(300))).toEqual(['connected in 0.4 s; 300 hosts: Debian; x: Ubuntu']);
  });
});
