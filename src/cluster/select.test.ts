import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.ts';
import { selectHosts } from './select.ts';

const host = (name: string, ...groups: string[]) => ({ name, groups: ['all', ...groups] });
const hosts = [
  host('gateway', 'pi'),
  host('node1', 'pi', 'server'),
  host('node2', 'pi', 'agent'),
  host('node10', 'pi', 'agent'),
  host('mini1', 'x86', 'agent'),
];

describe('--limit', () => {
  it.each([
    [undefined, 'gateway node1 node2 node10 mini1'],
    ['all', 'gateway node1 node2 node10 mini1'],
    ['*', 'gateway node1 node2 node10 mini1'],
    ['node1', 'node1'],
    ['node2,node1', 'node1 node2'],
    ['node1:mini1', 'node1 mini1'],
    ['agent', 'node2 node10 mini1'],
    ['node*', 'node1 node2 node10'],
    ['node?', 'node1 node2'],
    ['node[1:2]', 'node1 node2'],
    ['node[1:2]:mini1', 'node1 node2 mini1'],
    ['a*', 'gateway node1 node2 node10 mini1'],
    ['!pi', 'mini1'],
    ['agent,!x86', 'node2 node10'],
    ['!x86,agent', 'node2 node10'],
    ['pi:&agent', 'node2 node10'],
    ['&agent', 'node2 node10 mini1'],
    ['pi,x86,&agent,!node10', 'node2 mini1'],
    [' server , mini1 ', 'node1 mini1'],
  ])('%s', (pattern, expected) => {
    expect(
      selectHosts(hosts, pattern)
        .map(({ name }) => name)
        .join(' '),
    ).toBe(expected);
  });

  it.each([
    ['agents', '--limit: no host or group matches "agents"; did you mean "agent"?'],
    ['all,!node3', '--limit: no host or group matches "node3"; did you mean "node1"?'],
    ['rack*', '--limit: no host or group matches "rack*"'],
    ['server:&x86', '--limit server:&x86 leaves no host'],
    ['node1,!all', '--limit node1,!all leaves no host'],
    [' , ', '--limit is empty'],
  ])('refuses %s and names what there is', (pattern, message) => {
    const error = (() => {
      try {
        selectHosts(hosts, pattern);
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
    expect((error as UsageError).hint).toBe('hosts: gateway, node1, node2, node10, mini1; groups: all, pi, server, agent, x86');
  });
});
