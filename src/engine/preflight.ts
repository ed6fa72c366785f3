import type { Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { WantedPort } from '#src/role/role.ts';

/** What one host must fulfil before the first change, joined over its roles. */
export interface Requirements {
  ports: readonly WantedPort[];
  diskBytes: number;
  memoryCgroup: boolean;
}

export interface Candidate {
  host: Host;
  facts: Facts;
  requirements: Requirements;
}

/** Seconds by which a clock may differ from the median of all, this machine's included. etcd and TLS bear little more. */
const MAX_SKEW_SECONDS = 30;

/** All reasons not to begin, each naming its host. Pure. */
export function preflightFindings(candidates: readonly Candidate[]): string[] {
  return [...twins(candidates), ...otherClusters(candidates), ...clockSkew(candidates), ...candidates.flatMap(ownFindings)];
}

function twins(candidates: readonly Candidate[]): string[] {
  return [
    ...duplicates(
      candidates,
      'machine id',
      ({ facts }) => [facts.machineId],
      'cloned disk? remove /etc/machine-id on one and run systemd-machine-id-setup',
    ),
    ...duplicates(
      candidates,
      'address',
      ({ facts }) => facts.addresses,
      'two inventory names for one machine, or an address given twice',
    ),
  ];
}

function duplicates(
  candidates: readonly Candidate[],
  what: string,
  valuesOf: (candidate: Candidate) => readonly string[],
  hint: string,
): string[] {
  const holders = new Map<string, string[]>();
  for (const candidate of candidates) {
    for (const value of new Set(valuesOf(candidate)))
      if (value) holders.set(value, [...(holders.get(value) ?? []), candidate.host.name]);
  }
  const groups = new Map<string, string[]>();
  for (const [value, names] of holders)
    if (names.length > 1) groups.set(names.join(' and '), [...(groups.get(names.join(' and ')) ?? []), value]);
  return [...groups].map(([names, values]) => `${names} have the same ${what} ${values[0]} (${hint})`);
}

/** Servers of one cluster share one certificate authority: two of them are two clusters, and joining them would lose one. */
function otherClusters(candidates: readonly Candidate[]): string[] {
  const byAuthority = Map.groupBy(
    candidates.filter(({ facts }) => facts.k3s.serverCa),
    ({ facts }) => facts.k3s.serverCa,
  );
  if (byAuthority.size < 2) return [];
  const clusters = [...byAuthority.values()].map((members) => members.map(({ host }) => host.name).join(', '));
  return [`${clusters.join(' and ')} belong to different Kubernetes clusters (remove K3s from those that should join anew)`];
}

/** The machine that picluster runs on has a vote, too: of two clocks that differ, it says which one is wrong, and against a single host it is the measure. */
function clockSkew(candidates: readonly Candidate[]): string[] {
  const offsets = candidates.map(({ facts }) => facts.clock.nodeMs - (facts.clock.askedMs + facts.clock.answeredMs) / 2);
  const reference = middle([...offsets, 0]);
  return candidates.flatMap(({ host }, index) => {
    const seconds = Math.round(((offsets[index] ?? 0) - reference) / 1000);
    if (Math.abs(seconds) <= MAX_SKEW_SECONDS) return [];
    const others = candidates.length > 1 ? 'the others' : 'that of this machine';
    return [
      `${host.name}: its clock is ${durationOf(Math.abs(seconds))} ${seconds > 0 ? 'ahead of' : 'behind'} ${others} (at most ${MAX_SKEW_SECONDS} s; set it, or let chrony: timedatectl)`,
    ];
  });
}

/** The median; of two values in the middle the one nearer to 0, as one of the values is to be right. */
function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const pair = [sorted[Math.floor((sorted.length - 1) / 2)] ?? 0, sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0];
  return pair.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a));
}

/** `45 s`, `3 h 0 min`: minutes and hours where seconds say nothing to people. */
function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function ownFindings({ host, facts, requirements }: Candidate): string[] {
  const findings: string[] = [];
  if (!facts.isRoot)
    findings.push(
      `${host.name}: ${host.target.user} did not become root (set become: sudo in hosts.yaml, and let the user do it)`,
    );
  const missing = requirements.diskBytes - facts.freeBytes.var;
  if (missing > 0)
    findings.push(
      `${host.name}: ${gibibytes(facts.freeBytes.var)} GiB free on /var, ${gibibytes(requirements.diskBytes)} GiB wanted`,
    );
  if (requirements.memoryCgroup && !facts.cgroup.memory) {
    const cure = facts.firmwareCmdline
      ? 'its cmdline.txt asks for it: reboot, or let the os role do it with raspberryPi.memoryCgroup and raspberryPi.reboot'
      : 'add cgroup_enable=memory to the kernel command line, and reboot';
    findings.push(`${host.name}: the kernel has no memory cgroup (${cure})`);
  }
  for (const { port, ours } of requirements.ports) {
    for (const holder of facts.listening.filter((socket) => socket.port === port)) {
      if (!ours.includes(holder.process))
        findings.push(
          `${host.name}: port ${port} is held by ${holder.process || 'another process'} (stop it, or find out with: ss -ltnp sport = :${port})`,
        );
    }
  }
  return findings;
}

const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
