import { expect, test } from 'vitest';
import { Lab } from './identity.ts';
import { nspawnArguments } from './nspawn.ts';

const lab = new Lab();
const args = nspawnArguments(lab, 'n2', { directory: '/state/n2', debs: '/cache/debs', readOnly: ['/lib/modules'] });

test('a node can change neither the clock nor the kernel, and gets no capability by a wildcard', () => {
  expect(args).toContain('--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE');
  const granted = args.find((arg) => arg.startsWith('--capability='));
  expect(granted).toContain('CAP_NET_ADMIN');
  expect(granted).not.toMatch(/all|SYS_TIME|SYS_MODULE/);
});

test('its names carry the id, its data lies outside of the overlay', () => {
  expect(args).toContain(`--machine=pcl${lab.id}-n2`);
  expect(args).toContain(`--network-bridge=pcl${lab.id}`);
  expect(args).toContain('--bind=/state/n2/rancher:/var/lib/rancher');
  expect(args).toContain('--bind-ro=/lib/modules');
  expect(args.at(-1)).toBe('--boot');
});
