import { expect, it } from 'vitest';
import { downgrade } from './downgrade.ts';

it.each([
  [undefined, 'v1.34.4+k3s1', false],
  ['v1.34.4+k3s1', 'v1.34.4+k3s1', false],
  ['v1.34.4+k3s1', 'v1.35.0+k3s1', false],
  ['v1.34.10+k3s1', 'v1.34.9+k3s3', true],
  ['v1.34.4+k3s2', 'v1.34.4+k3s1', true],
  ['v1.34.4+k3s1', 'v1.34.4-rc2+k3s1', true],
  ['v1.34.4-rc1+k3s1', 'v1.34.4+k3s1', false],
])('%s to %s: %s', (installed, wanted, isDowngrade) => {
  expect(downgrade(installed, wanted)).toBe(isDowngrade ? `downgrades K3s from ${installed} to ${wanted}` : undefined);
});
