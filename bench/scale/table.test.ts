import { expect, it } from 'vitest';
import { scalePage } from './table.ts';

const run = { wallMs: 2500, cpuMs: 1400, startMs: 400, memoryMiB: 120.4, lagMs: 33 };
const counts = { connections: 100, mostOpen: 20, requests: 100, bytesUp: 25_000, bytesDown: 12_340 };
const page = (...runs: object[]): string =>
  scalePage([{ hosts: 100, rttMs: 20, resources: 24, runs: runs.map((each) => ({ ...run, ...counts, ...each })) }], {
    date: '2026-01-02T00:00:00Z',
    load: 1,
    runs: runs.length,
  });

it('start-up is not counted to the hosts', () => {
  expect(page({})).toContain('| 100 | 20 | 24 | 2.50 | 1.40 | 10.0 | 400 | 120 | 33 | 20 | 1.0 | 25.0 | 12.3 |');
});

it('what differs from run to run shows how much', () => {
  expect(page({ wallMs: 3000 }, {}, { wallMs: 2600, lagMs: 60 })).toContain(
    '| 2.50 / **2.60** / 3.00 | 1.40 | 10.0 | 400 | 120 | 33 / **33** / 60 |',
  );
});
