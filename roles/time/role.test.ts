import { expect, it } from 'vitest';
import { named, names, stepsOf, testCluster, textOf } from '../testing.ts';
import role from './role.ts';

const stepsFor = (time: object) => stepsOf(role, testCluster({ n1: { vars: { time } } }), 'n1');
const settings = (time: object): string[] =>
  textOf(stepsFor(time), '/etc/chrony/chrony.conf')
    .split('\n')
    .filter((line) => /^(?:server|pool|allow|local) /.test(line));

it.each([
  ['defaults', {}, ['pool pool.ntp.org iburst maxsources 4']],
  ['a gateway that serves the time', { servers: ['10.0.0.1'] }, ['server 10.0.0.1 iburst']],
  [
    'the gateway itself',
    { pools: ['a.example.com', 'b.example.com'], allow: ['10.0.0.0/24'], localStratum: 10 },
    ['pool a.example.com iburst maxsources 4', 'pool b.example.com iburst maxsources 4', 'allow 10.0.0.0/24', 'local stratum 10'],
  ],
])('chrony: %s', (_, time, expected) => {
  expect(settings(time)).toEqual(expected);
});

it('restarts for its configuration', () => {
  expect(names(named(stepsFor({}), 'service:chrony').restartOn ?? [])).toEqual(['file:/etc/chrony/chrony.conf']);
});
