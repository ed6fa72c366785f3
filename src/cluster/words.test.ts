import { describe, expect, it } from 'vitest';
import { contains, isAddress, isHostName, overlap, parseCidr } from './address.ts';
import { nearest, suggestion } from './suggest.ts';

describe('did you mean', () => {
  const known = ['flannelBackend', 'disable', 'disableKubeProxy', 'tlsSan', 'nodeIp', 'k3s', 'os'];
  it.each([
    ['flanelBackend', 'flannelBackend'],
    ['flannelbackend', 'flannelBackend'],
    ['disabel', 'disable'],
    ['tslSan', 'tlsSan'],
    ['k8s', 'k3s'],
    ['nodeip', 'nodeIp'],
    ['so', undefined],
    ['OS', 'os'],
    ['network', undefined],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });

  it('names the known ones while they fit on a line', () => {
    expect(suggestion('network', ['a', 'b'])).toBe(' (known: a, b)');
    expect(
      suggestion(
        'network',
        Array.from({ length: 100 }, (_, index) => `key${index}`),
      ),
    ).toBe('');
    expect(suggestion('network', [])).toBe('');
  });
});

describe('addresses', () => {
  it.each([
    ['10.0.0.1', true],
    ['fd00::1', true],
    ['node1.example.com', true],
    ['node1', true],
    ['10.0.0.256', false],
    ['10.0.0', false],
    ['1234', false],
    ['node_1', false],
    ['Node1', false],
    ['-a', false],
    ['a..b', false],
    ['', false],
  ])('%s is one: %s', (text, expected) => {
    expect(isAddress(text)).toBe(expected);
  });

  it.each([
    ['n1', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['n.1', false],
    ['n-', false],
  ])('%s is a host name: %s', (text, expected) => {
    expect(isHostName(text)).toBe(expected);
  });

  it.each([
    ['10.42.0.0/16', true],
    ['fd00::/64', true],
    ['10.42.0.0', false],
    ['10.42.0.0/33', false],
    ['10.42.0.0/-1', false],
    ['fd00::/129', false],
    ['10.42.0.0/16/8', false],
    ['x/8', false],
  ])('%s is a range: %s', (text, expected) => {
    expect(parseCidr(text) !== undefined).toBe(expected);
  });

  it.each([
    ['10.42.0.0/16', '10.43.0.0/16', false],
    ['10.42.0.0/15', '10.43.0.0/16', true],
    ['10.43.0.0/16', '10.42.0.0/15', true],
    ['10.0.0.0/8', 'fd00::/8', false],
    ['fd00::/16', 'fd00:1::/32', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected);
  });

  it('a range contains what is in it', () => {
    expect(contains('10.42.0.0/16', '10.42.255.1')).toBe(true);
    expect(contains('10.42.0.0/16', '10.43.0.1')).toBe(false);
    expect(contains('10.42.0.0/16', 'node1')).toBe(false);
  });
});
