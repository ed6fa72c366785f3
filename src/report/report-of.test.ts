import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EngineEvent, StampedEvent } from '#src/engine/events.ts';
import { reportOf } from './report-of.ts';
import { RECORDED, recordedEvents } from './testing/recorded.ts';
import { busyMs, reportText, waitedMs } from './text.ts';

/** Events a second apart, as a journal has them. */
const stamped = (events: readonly EngineEvent[]): StampedEvent[] =>
  events.map((event, seq) => ({ v: 1, seq, at: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(), ...event }));

const start: EngineEvent = {
  type: 'run.start',
  run: 'r',
  command: 'apply',
  cluster: 'c',
  release: 'v1',
  hosts: ['n1', 'n2'],
  version: '1',
};
const change = { action: 'create', fields: [] } as const;
const title = 'a file';

describe('reportOf', () => {
  it('says of a recorded run what happened', async () => {
    const events = recordedEvents();
    expect(events).toHaveLength(readFileSync(RECORDED, 'utf8').trim().split('\n').length);
    await expect(reportText(reportOf(events))).toMatchFileSnapshot('testing/recorded.golden.txt');
  });

  it('counts what the end of the run counts', () => {
    const events = recordedEvents();
    const { counts, durationMs, state, exitCode } = reportOf(events);
    const end = events.at(-1);
    expect(end).toMatchObject({ changed: counts.changed, failed: counts.failed, notReached: counts['not-reached'], exitCode });
    expect(state).toBe('failed');
    expect(Math.abs(durationMs - (end?.type === 'run.end' ? end.durationMs : 0))).toBeLessThan(100);
  });

  it('measures a step from its start, not back from when it was verified', () => {
    const step = 'os/a@n1';
    const { hosts, roles } = reportOf(
      stamped([
        start,
        { type: 'step.start', host: 'n1', step, title },
        { type: 'step.output', host: 'n1', step, text: 'said' },
        { type: 'step.start', host: 'n1', step: 'os/b@n1', title },
        { type: 'host.done', host: 'n2' },
        { type: 'step.end', host: 'n1', step, title, status: 'changed', durationMs: 1500, change },
        { type: 'step.end', host: 'n1', step: 'os/b@n1', title, status: 'changed', durationMs: 100, change },
      ]),
    );
    expect(hosts[0]?.steps).toMatchObject([
      { ref: step, role: 'os', name: 'os/a', span: { from: 1000, to: 2500 }, output: ['said'] },
      { ref: 'os/b@n1', span: { from: 3000, to: 3100 } },
    ]);
    expect(roles).toEqual([{ name: 'os', from: 1000, to: 3100 }]);
    expect(hosts[0] && busyMs(hosts[0])).toBe(1600);
  });

  it('ends a wait with the next event of its host', () => {
    const [host] = reportOf(
      stamped([
        start,
        { type: 'host.waiting', host: 'n1', for: 'os/a@n2' },
        { type: 'host.done', host: 'n2' },
        { type: 'step.start', host: 'n1', step: 'os/b@n1', title },
      ]),
    ).hosts;
    expect(host?.waits).toEqual([{ for: 'os/a@n2', from: 1000, to: 3000 }]);
    expect(host && waitedMs(host)).toBe(2000);
  });

  it('counts the time of a lost connection and of a turn in a pool as waited, and tells of them', () => {
    const reason = 'the connection ended';
    const report = reportOf(
      stamped([
        start,
        { type: 'host.queued', host: 'n1', pool: 'etcd-membership' },
        { type: 'step.start', host: 'n1', step: 'os/a@n1', title },
        { type: 'host.reconnecting', host: 'n1', attempt: 1, pauseMs: 100, reason },
        { type: 'host.reconnecting', host: 'n1', attempt: 2, pauseMs: 200, reason },
        { type: 'host.reconnected', host: 'n1', attempts: 2, durationMs: 2000, rebooted: false },
      ]),
    );
    expect(report.hosts[0]?.waits).toEqual([
      { for: 'its turn in etcd-membership', from: 1000, to: 2000 },
      { for: 'its connection', from: 3000, to: 5000 },
    ]);
    expect(report.notes.map(({ text }) => text)).toEqual([
      'n1: the connection ended; reconnecting',
      'n1: reconnected after 2.0 s',
    ]);
  });

  it('says of a run that was killed what was under way and what was not begun', () => {
    const report = reportOf(
      stamped([
        start,
        { type: 'phase.start', phase: 'apply' },
        { type: 'step.planned', host: 'n1', step: 'os/a@n1', title, change: { ...change, diff: '+one' } },
        { type: 'step.planned', host: 'n1', step: 'os/b@n1', title, change },
        { type: 'step.start', host: 'n1', step: 'os/a@n1', title },
        { type: 'fact', text: 'the last that was heard' },
      ]),
    );
    expect(report).toMatchObject({ state: 'unfinished', exitCode: undefined, counts: { planned: 1, unfinished: 1 } });
    expect(report.phases).toEqual([{ name: 'apply', from: 1000, to: 5000 }]);
    expect(report.hosts[0]?.steps).toMatchObject([
      { ref: 'os/a@n1', status: 'unfinished', span: { from: 4000, to: 5000 }, change: { diff: '+one' } },
      { ref: 'os/b@n1', status: 'planned' },
    ]);
  });

  it('makes something of no events at all', () => {
    expect(reportOf([])).toMatchObject({ state: 'unfinished', durationMs: 0, hosts: [] });
  });
});
