import { expect, it } from 'vitest';
import { scalePage } from './table.ts';

it('start-up is not counted to the hosts', () => {
  const row = { hosts: 100, rttMs: 20, resources: 24, wallMs: 2500, cpuMs: 1400, startMs: 400, memoryMiB: 120.4, lagMs: 33 };
  const counts = { connections: 100, mostOpen: 20, requests: 100, bytesUp: 25_000, bytesDown: 12_340 };
  const page = scalePage([{ ...row, ...counts }], { date: '2026-01-02T00:00:00Z', load: 1, runs: 3 });
  expect(page).toContain('| 100 | 20 | 24 | 2.50 | 1.40 | 10.0 | 400 | 120 | 33 | 20 | 1.0 | 25.0 | 12.3 |');
});
