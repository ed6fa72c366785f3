import { describe, expect, it } from 'vitest';
import type { Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import { debian } from '#src/resource/test-facts.ts';
import { type Candidate, preflightFindings } from './preflight.ts';

const GIB = 2 ** 30;
const base: Facts = {
  ...debian,
  clock: { nodeMs: 1_000_100, askedMs: 1_000_000, answeredMs: 1_000_200 },
  freeBytes: { root: 9 * GIB, var: 9 * GIB },
  addresses: [],
};

function candidate(name: string, facts: Partial<Facts> = {}, requirements: Partial<Candidate['requirements']> = {}): Candidate {
  const host = { name, target: { user: 'admin' } } as Host;
  return {
    host,
    facts: { ...base, machineId: name, ...facts },
    requirements: { ports: [], diskBytes: 0, memoryCgroup: false, ...requirements },
  };
}

const clockAt = (offsetMs: number): Facts['clock'] => ({
  nodeMs: 1_000_100 + offsetMs,
  askedMs: 1_000_000,
  answeredMs: 1_000_200,
});

const cases: { name: string; candidates: Candidate[]; findings: RegExp[] }[] = [
  { name: 'nothing when all is well', candidates: [candidate('a'), candidate('b')], findings: [] },
  {
    name: 'a cloned machine id',
    candidates: [candidate('a', { machineId: 'same' }), candidate('b', { machineId: 'same' }), candidate('c')],
    findings: [/^a and b have the same machine id same/],
  },
  {
    name: 'one machine under two names',
    candidates: [candidate('a', { addresses: ['10.0.0.1'] }), candidate('b', { addresses: ['10.0.0.1'] })],
    findings: [/^a and b have the same address 10\.0\.0\.1/],
  },
  {
    name: 'the clock that is off, not the others',
    candidates: [candidate('a'), candidate('b', { clock: clockAt(3_600_000) }), candidate('c', { clock: clockAt(-900) })],
    findings: [/^b: its clock is 60 min ahead of the others/],
  },
  {
    name: 'of two clocks the one that is off, as this machine has one too',
    candidates: [candidate('a', { clock: clockAt(-10_800_000) }), candidate('b')],
    findings: [/^a: its clock is 3 h 0 min behind the others/],
  },
  {
    name: 'the clock of a single host, measured by that of this machine',
    candidates: [candidate('a', { clock: clockAt(45_000) })],
    findings: [/^a: its clock is 45 s ahead of that of this machine/],
  },
  {
    name: 'nothing when all hosts agree and this machine is off',
    candidates: ['a', 'b', 'c'].map((name) => candidate(name, { clock: clockAt(-3_600_000) })),
    findings: [],
  },
  {
    name: 'two clusters',
    candidates: ['one', 'two', 'one'].map((serverCa, index) =>
      candidate(`n${index}`, { k3s: { version: 'v1', etcd: true, serverCa } }),
    ),
    findings: [/^n0, n2 and n1 belong to different Kubernetes clusters/],
  },
  {
    name: 'a login user who is not root',
    candidates: [candidate('a', { isRoot: false })],
    findings: [/^a: admin did not become root/],
  },
  {
    name: 'too little disk',
    candidates: [candidate('a', { freeBytes: { root: GIB, var: GIB } }, { diskBytes: 5 * GIB })],
    findings: [/^a: 1\.0 GiB free on \/var, 5\.0 GiB wanted/],
  },
  {
    name: 'no memory cgroup',
    candidates: [candidate('a', { cgroup: { version: 1, memory: false } }, { memoryCgroup: true })],
    findings: [/^a: the kernel has no memory cgroup/],
  },
  {
    name: 'a port held by somebody else, not by us',
    candidates: [
      candidate(
        'a',
        {
          listening: [
            { port: 6443, process: 'haproxy' },
            { port: 10250, process: 'k3s' },
          ],
        },
        {
          ports: [
            { port: 6443, ours: ['k3s'] },
            { port: 10250, ours: ['k3s'] },
          ],
        },
      ),
    ],
    findings: [/^a: port 6443 is held by haproxy/],
  },
  {
    name: 'all findings at once',
    candidates: [candidate('a', { isRoot: false, cgroup: { version: 1, memory: false } }, { memoryCgroup: true })],
    findings: [/become root/, /memory cgroup/],
  },
];

describe('preflightFindings', () => {
  it.each(cases)('says $name', ({ candidates, findings }) => {
    const found = preflightFindings(candidates);
    expect(found).toHaveLength(findings.length);
    for (const [index, pattern] of findings.entries()) expect(found[index]).toMatch(pattern);
  });
});
