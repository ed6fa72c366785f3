import { expect, test } from 'vitest';
import { assignAddresses, chooseSubnet } from './subnet.ts';

test('a subnet is stable, and lies between 10.64 and 10.127', () => {
  for (const id of ['000000', 'abcdef', '123456', 'ffffff']) {
    const prefix = chooseSubnet(id, []);
    expect(prefix).toBe(chooseSubnet(id, ['192.168.1.0/24', 'default']));
    const [ten, second] = prefix.split('.').map(Number);
    expect(ten).toBe(10);
    expect(second).toBeGreaterThanOrEqual(64);
    expect(second).toBeLessThanOrEqual(127);
  }
});

test('whatever meets the subnet moves it: the same network, an address in it, a wider network', () => {
  const prefix = chooseSubnet('abcdef', []);
  for (const taken of [`${prefix}.0/24`, `${prefix}.77`, `${prefix.split('.').slice(0, 2).join('.')}.0.0/16`]) {
    expect(chooseSubnet('abcdef', [taken])).not.toBe(prefix);
  }
  expect(() => chooseSubnet('abcdef', ['10.0.0.0/8'])).toThrow(RangeError);
});

test('nodes keep their addresses, new ones fill the gaps', () => {
  const addresses = assignAddresses('10.70.1', new Map([['n2', '10.70.1.11']]), ['n1', 'n2', 'n3']);
  expect(Object.fromEntries(addresses)).toEqual({ n1: '10.70.1.12', n2: '10.70.1.11', n3: '10.70.1.13' });
});
