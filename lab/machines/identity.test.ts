import { expect, test } from 'vitest';
import { Lab, labId } from './identity.ts';

test('the id depends on the checkout and on the name of the lab, and is stable', () => {
  expect(labId('/srv/one')).toBe(labId('/srv/one'));
  expect(labId('/srv/one')).toMatch(/^[0-9a-f]{6}$/);
  expect(new Set([labId('/srv/one'), labId('/srv/two'), labId('/srv/one', 'chaos'), labId('/srv/one', 'x')]).size).toBe(4);
});

test('interface names fit the kernel, and every name carries the id', () => {
  const lab = new Lab({ name: 'chaos' });
  expect(lab.bridge.length).toBeLessThanOrEqual(15);
  for (const name of [lab.bridge, lab.machine('n1'), lab.cgroup('n1'), lab.mark, lab.stateDir]) expect(name).toContain(lab.id);
  expect(lab.localDir.endsWith('.lab-chaos')).toBe(true);
});

test('a name that would break paths is refused', () => {
  for (const name of ['../x', 'A', 'a b', 'x'.repeat(17)]) expect(() => new Lab({ name })).toThrow(TypeError);
});
