import { expect, it } from 'vitest';
import { compareManifests } from './manifest.ts';

it('tells what appeared, vanished and changed', () => {
  const before = 'file /etc/a 644 root:root 1\nfile /etc/b 644 root:root 1\nunit x.service active\n';
  const after = 'file /etc/a 644 root:root 2\nunit x.service active\nfile /etc/c directory 755 root:root\n';
  expect(compareManifests(before, after)).toEqual({
    appeared: ['file /etc/c'],
    vanished: ['file /etc/b'],
    changed: ['file /etc/a'],
  });
});
