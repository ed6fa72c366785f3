import { expect, it } from 'vitest';
import { parseEndpoint, showEndpoint } from './endpoint.ts';

it.each([
  ['bastion', { address: 'bastion' }],
  ['pi@10.0.0.1', { user: 'pi', address: '10.0.0.1' }],
  ['pi@bastion:2222', { user: 'pi', address: 'bastion', port: 2222 }],
  ['ssh://pi@bastion:2222/', { user: 'pi', address: 'bastion', port: 2222 }],
  ['fd00::1', { address: 'fd00::1' }],
  ['fd00::1:2222', { address: 'fd00::1:2222' }],
  ['pi@[fe80::1%eth0]:2222', { user: 'pi', address: 'fe80::1%eth0', port: 2222 }],
  ['[fd00::1]', { address: 'fd00::1' }],
  ['', undefined],
  ['a b', undefined],
  ['pi@', undefined],
  ['bastion:0', undefined],
  ['bastion:70000', undefined],
  ['[fd00::1', undefined],
])('%s', (text, expected) => {
  expect(parseEndpoint(text)).toEqual(expected);
});

it('shows where a port begins', () => {
  expect([showEndpoint('10.0.0.1', 22), showEndpoint('fd00::1', 2222)]).toEqual(['10.0.0.1:22', '[fd00::1]:2222']);
});
