import { expect, it } from 'vitest';
import { kernelOptions, liveDifferences, remountOptions, sameOptions } from './mount-options.ts';

it.each([
  ['', 'rw,relatime', []],
  ['defaults', 'rw,relatime,seclabel,inode64', []],
  ['noatime,nofail,x-systemd.device-timeout=5', 'rw,noatime', []],
  ['noatime', 'rw,relatime', [['relatime', 'noatime']]],
  ['', 'rw,noatime', [['noatime', 'relatime']]],
  ['', 'ro,relatime,rw', [['ro', 'rw']]],
  [
    'ro,nosuid',
    'rw,relatime',
    [
      ['rw', 'ro'],
      ['suid', 'nosuid'],
    ],
  ],
  ['strictatime', 'rw', []],
  ['user', 'rw,relatime,nosuid,nodev,noexec', []],
  ['user,exec', 'rw,relatime,nosuid,nodev', []],
  ['bind', 'rw,nosuid,noatime', []],
  ['bind,ro', 'rw,nosuid,noatime', [['rw', 'ro']]],
  ['size=64m,mode=700', 'rw,relatime,size=65536k', []],
  ['size=64m', 'rw,relatime,size=32768k', [['32768k', '64m']]],
  ['size=50%', 'rw,relatime,size=32768k', []],
])('wanted "%s", live "%s"', (wanted, live, expected) => {
  expect(liveDifferences(wanted.split(',').filter(Boolean), live.split(','))).toEqual(expected);
});

it.each([
  ['noatime,nofail,_netdev,x-systemd.automount,uid=1000', 'noatime,uid=1000'],
  ['users,ro', 'nosuid,nodev,noexec,ro'],
])('mount is given of "%s": "%s"', (wanted, expected) => expect(kernelOptions(wanted.split(',')).join(',')).toBe(expected));

it.each([
  ['noatime', 'rw,suid,dev,exec,noatime'],
  ['bind,ro', 'bind,ro'],
  ['size=1g', 'rw,suid,dev,exec,relatime,size=1g'],
])('a remount to "%s" asks for "%s"', (wanted, expected) => expect(remountOptions(wanted.split(',')).join(',')).toBe(expected));

it('takes options as a set', () => {
  expect(sameOptions(['defaults', 'noatime'], ['noatime'])).toBe(true);
  expect(sameOptions(['ro', 'noatime'], ['noatime', 'ro'])).toBe(true);
  expect(sameOptions(['ro'], ['rw'])).toBe(false);
});
