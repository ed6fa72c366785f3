import { describe, expect, it } from 'vitest';
import { type GroupEntry, matchHosts, resolveGroups } from './groups.ts';

const group = (hosts: string[], children: string[] = []): GroupEntry => ({ hosts, children });
const names = ['n1', 'n2', 'n3', 'n10'];

describe('groups', () => {
  it('hold their children, parents before children, then by name', () => {
    const { hosts, order, problems } = resolveGroups(
      new Map([
        ['zone', group([])],
        ['agent', group(['n3', 'n2'])],
        ['kubernetes', group([], ['server', 'agent'])],
        ['server', group(['n1'])],
        ['home', group(['n10'], ['kubernetes'])],
      ]),
      names,
    );
    expect(problems).toEqual([]);
    expect(order).toEqual(['all', 'home', 'zone', 'kubernetes', 'agent', 'server']);
    expect([...hosts].map(([name, members]) => `${name}: ${[...members].join(' ')}`)).toEqual([
      'all: n1 n2 n3 n10',
      'zone: ',
      'agent: n2 n3',
      'kubernetes: n1 n2 n3',
      'server: n1',
      'home: n1 n2 n3 n10',
    ]);
  });

  it('a group with two parents is as deep as its longest way', () => {
    const { order } = resolveGroups(
      new Map([
        ['a', group([], ['c', 'd'])],
        ['c', group([], ['d'])],
        ['d', group(['n1'])],
        ['b', group([])],
      ]),
      names,
    );
    expect(order).toEqual(['all', 'a', 'b', 'c', 'd']);
  });

  it('cycles and unknown names are told, and do not hang', () => {
    const { problems, hosts } = resolveGroups(
      new Map([
        ['a', group(['n1', 'm1'], ['b'])],
        ['b', group(['n2'], ['a', 'c'])],
        ['self', group(['n3'], ['self'])],
      ]),
      names,
    );
    expect(problems.map(({ group, list, index, message }) => `${group}.${list}[${index}]: ${message}`)).toEqual([
      'a.hosts[1]: unknown host "m1" (known: n1, n2, n3, n10)',
      'a.children[0]: the group "b" contains "a": a cycle',
      'b.children[0]: the group "a" contains "b": a cycle',
      'b.children[1]: unknown group "c" (known: a, self)',
      'self.children[0]: the group "self" contains "self": a cycle',
    ]);
    expect([...(hosts.get('a') ?? [])]).toEqual(['n1']);
  });
});

describe('patterns of hosts', () => {
  const all = ['node01', 'node02', 'node10', 'rack1-a1', 'rack1-a2', 'rack2-a1', 'x.y'];
  it.each([
    ['node01', 'node01'],
    ['node*', 'node01 node02 node10'],
    ['node?2', 'node02'],
    ['node[01:02]', 'node01 node02'],
    ['node[1:2]', ''],
    ['rack[1:2]-a[1:2]', 'rack1-a1 rack1-a2 rack2-a1'],
    ['node[2:1]', ''],
    ['x.y', 'x.y'],
    ['x?y', 'x.y'],
    ['node[1:999999999]', 'node10'],
  ])('%s', (pattern, expected) => {
    expect(matchHosts(pattern, all).join(' ')).toBe(expected);
  });
});
