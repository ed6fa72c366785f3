import { expect, it } from 'vitest';
import { comparisonPlot } from './plot.ts';
import type { Comparison } from './result.ts';
import { comparisonPage } from './table.ts';

const comparison: Comparison = {
  date: '2026-01-02T03:04:05Z',
  machine: '2 CPUs, 4 GiB',
  load: 0.5,
  versions: { 'ansible-core': '2.19' },
  series: [
    { hosts: 4, phase: 'converged', tool: 'floor', seconds: [0.4, 0.5, 0.6] },
    { hosts: 4, phase: 'converged', tool: 'picluster', seconds: [1.2, 1.0, 0.9] },
    { hosts: 4, phase: 'converged', tool: 'ansible-core', seconds: [36, 40, 45] },
    { hosts: 1, phase: 'converged', tool: 'picluster', seconds: [0.7] },
  ],
};

it('a row per tool, ratios side by side', () => {
  expect(comparisonPage(comparison)).toContain('| converged | ansible-core | 3 | 36.00 / **40.00** / 45.00 | 40.0 |');
});

it('goals are told met or missed, and those that were not measured are not told', () => {
  const page = comparisonPage(comparison);
  expect(page.slice(page.indexOf('## Goals'))).toBe(`## Goals, 4 hosts

| | goal | measured | |
| --- | --- | --- | --- |
| converged | at most 2 times the floor | 2.0 | met |
| converged | 30 times faster than ansible-core | 40.0 | met |
`);
});

it('the plot has a bar per tool, the longest for the slowest', () => {
  const widths = [...comparisonPlot(comparison, 4).matchAll(/width="([\d.]+)" height="16"/g)].map((match) => Number(match[1]));
  expect(widths).toEqual(widths.toSorted((a, b) => a - b));
  expect(widths).toHaveLength(3);
});
