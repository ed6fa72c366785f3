import { expect, it } from 'vitest';
import { addCounts, countGo, countVitest, formatCounts } from './counts.ts';

it('counts a file that broke before its first test as a failure', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    numPendingTests: 2,
    testResults: [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}] },
    ],
  };
  expect(countVitest(report, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

it('does not trust a failing exit without a failing test', () => {
  expect(countVitest({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, testResults: [] }, 1).failed).toBe(1);
  expect(countGo([], 2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it('counts Go tests, not their sub-tests', () => {
  const lines = [
    '{"Action":"pass","Test":"TestA/x"}',
    '{"Action":"pass","Test":"TestA"}',
    '{"Action":"skip","Test":"TestB"}',
    'noise',
    '{"Action":"pass"}',
  ];
  expect(countGo(lines, 0)).toEqual({ passed: 1, failed: 0, skipped: 1 });
});

it('prints the line that CI reads', () => {
  expect(
    formatCounts(
      addCounts([
        { passed: 1, failed: 0, skipped: 0 },
        { passed: 2, failed: 1, skipped: 3 },
      ]),
    ),
  ).toBe('3 passed, 1 failed, 3 skipped');
});
