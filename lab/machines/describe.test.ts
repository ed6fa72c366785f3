import { expect, test } from 'vitest';
import { describeStatus, duration } from './describe.ts';

test.each([
  [0, '0s'],
  [59.9, '59s'],
  [192, '3m 12s'],
  [3600, '1h'],
  [187_200, '2d 4h'],
])('%d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('a lab is shown as a table; one that is not there says how to make it', () => {
  const text = describeStatus({
    id: 'abcdef',
    up: false,
    network: '10.70.1.0/24',
    nodes: [
      { name: 'n1', address: '10.70.1.11', state: 'running', ssh: true, uptime: 61, pid: 5 },
      { name: 'node-2', address: '10.70.1.12', state: 'off', ssh: false, uptime: undefined, pid: undefined },
    ],
    services: [{ name: 'mirror', url: 'http://10.70.1.1:8080', running: true }],
  });
  expect(text.split('\n')).toEqual([
    'lab abcdef, network 10.70.1.0/24',
    'n1      10.70.1.11             running  ssh  1m 1s',
    'node-2  10.70.1.12             off      -    -',
    'mirror  http://10.70.1.1:8080  running',
  ]);
  expect(describeStatus({ id: 'abcdef', up: false, network: undefined, nodes: [], services: [] })).toContain('lab up');
});
