import { expect, test } from 'vitest';
import { deletions } from './network.ts';

const listing = `-P POSTROUTING ACCEPT
-A POSTROUTING -s 10.70.1.0/24 ! -d 10.70.1.0/24 -m comment --comment picluster-lab-abcdef -j MASQUERADE
-A POSTROUTING -s 10.70.2.0/24 ! -d 10.70.2.0/24 -m comment --comment "picluster-lab-123456" -j MASQUERADE
-A POSTROUTING -s 172.17.0.0/16 -m comment --comment picluster-lab-abcdef-other -j MASQUERADE`;

test('only the rules of this lab are deleted', () => {
  expect(deletions(listing, 'picluster-lab-123456')).toEqual([
    '-D POSTROUTING -s 10.70.2.0/24 ! -d 10.70.2.0/24 -m comment --comment picluster-lab-123456 -j MASQUERADE'.split(' '),
  ]);
  expect(deletions(listing, 'picluster-lab-abc')).toEqual([]);
});
