import { expect, it } from 'vitest';
import { named, names, specOf, stepsOf, testCluster, textOf } from '../testing.ts';
import role from './role.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPzkhBpkWkTwZNXY1t0Mtm4J2w8zZ1gBvJ2JtOhBvUoA alex@example.com';
const stepsFor = (...list: object[]) => stepsOf(role, testCluster({ n1: { vars: { users: { list } } } }), 'n1');

it('without users there is nothing to do', () => {
  expect(stepsFor()).toEqual([]);
});

it('a user, its keys, and what sudo allows', () => {
  expect(names(stepsFor({ name: 'alex', keys: [KEY], sudo: 'nopasswd' }))).toEqual([
    'package:sudo',
    'user:alex',
    expect.stringMatching(/^authorized-key:alex\//),
    'file:/etc/sudoers.d/picluster-alex',
  ]);
});

it.each([
  ['password', 'alex ALL=(ALL:ALL) ALL'],
  ['nopasswd', 'alex ALL=(ALL:ALL) NOPASSWD: ALL'],
])('sudo: %s', (sudo, line) => {
  expect(textOf(stepsFor({ name: 'alex', sudo }), '/etc/sudoers.d/picluster-alex').split('\n')).toContain(line);
});

it('a user without sudo loses what it had before', () => {
  const [, sudoers] = stepsFor({ name: 'alex' });
  expect(sudoers?.work).toMatchObject({ spec: { path: '/etc/sudoers.d/picluster-alex', state: 'absent' } });
});

it('a removed user loses sudo first', () => {
  expect(names(stepsFor({ name: 'alex', state: 'absent' }))).toEqual(['file:/etc/sudoers.d/picluster-alex', 'user:alex']);
});

it('never removes the login that it uses itself', () => {
  expect(() => stepsFor({ name: 'admin', state: 'absent' })).toThrow('as whom picluster logs in');
});

it.each([
  [{ name: 'Alex' }, 'a login name'],
  [{ name: 'alex', keys: ['AAAA'] }, 'a public key'],
  [{ name: 'alex', sudo: 'yes' }, 'Invalid option'],
  [{ name: 'alex', group: 'x' }, 'Unrecognized key'],
])('refuses %j', (user, message) => {
  expect(() => stepsFor(user)).toThrow(message);
});

it('on Alpine: useradd is a package of its own, and there is no bash', () => {
  const cluster = testCluster({ n1: { vars: { users: { list: [{ name: 'alex', sudo: 'password' }] } } } });
  const steps = stepsOf(role, cluster, 'n1', { packageManager: 'apk' });
  expect(names(steps).slice(0, 2)).toEqual(['package:shadow,sudo', 'user:alex']);
  expect(specOf(named(steps, 'user:alex'))).toMatchObject({ shell: '/bin/ash' });
});
