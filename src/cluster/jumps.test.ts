import { expect, it } from 'vitest';
import type { Target } from '#src/transport/connection.ts';
import { parseYaml } from '#src/yaml/source.ts';
import { fileOrigin } from './findings.ts';
import { withJumps } from './jumps.ts';
import { mergeLayers } from './layers.ts';

const source = parseYaml('hosts.yaml', '');
const target = (name: string): Target => ({
  name,
  address: `${name}.example.com`,
  port: 22,
  user: 'pi',
  become: { method: 'none' },
  hostKeys: [],
  identityFiles: ['/key'],
  connectTimeoutMs: 1000,
});

/** The way to `n1` as names, the nearest to us first; what stands in its group unless `own`. */
function wayTo(jumps: Record<string, string | string[]>, own: readonly string[]): string[] | undefined {
  const names = ['n1', 'n2', 'n3'];
  const reach = new Map(
    names.map((name) => {
      const origin = own.includes(name) ? fileOrigin(source, 'hosts', name) : fileOrigin(source, 'groups', 'rack', 'ssh');
      const jump = jumps[name];
      return [
        name,
        { tree: mergeLayers([{ data: { jump }, origin }]), parsed: { address: `${name}.example.com`, ...(jump && { jump }) } },
      ];
    }),
  );
  const linked = withJumps(new Map(names.map((name) => [name, target(name)])), reach);
  const steps = ({ jump }: Target): string[] =>
    jump === undefined || jump === 'none' ? [] : [...steps(jump), `${jump.user}@${jump.address}:${jump.port}`];
  return linked.get('n1')?.jump === undefined ? undefined : steps(linked.get('n1')!);
}

it.each([
  ['nothing said', {}, [], undefined],
  ['none', { n1: 'none' }, ['n1'], []],
  ['a host', { n1: 'n2' }, ['n1'], ['pi@n2.example.com:22']],
  ['a host with a way of its own', { n1: 'n2', n2: 'n3' }, ['n1', 'n2'], ['pi@n3.example.com:22', 'pi@n2.example.com:22']],
  [
    'a list, whose later hosts are reached through the earlier',
    { n1: ['n3', 'n2'], n2: 'none' },
    ['n1', 'n2'],
    ['pi@n3.example.com:22', 'pi@n2.example.com:22'],
  ],
  ['an address', { n1: 'me@[fd00::1]:2222' }, ['n1'], ['me@fd00::1:2222']],
  ['an address, whose user is for ssh_config to say', { n1: ['bastion', 'n2'] }, ['n1'], ['@bastion:22', 'pi@n2.example.com:22']],
  ['the host itself, said of its group', { n1: 'n1' }, [], []],
  ['the host itself within a list of its group', { n1: ['n2', 'n1', 'n3'] }, [], ['pi@n2.example.com:22']],
])('%s', (_, jumps, own, expected) => {
  expect(wayTo(jumps as Record<string, string | string[]>, own)).toEqual(expected);
});
