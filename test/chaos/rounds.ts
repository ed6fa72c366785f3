import { seeded } from '../support/random.ts';

/** `kill` hits picluster itself, all others one machine. */
export const TYPES = ['kill', 'drop', 'stall', 'full', 'reboot'] as const;
export type FaultType = (typeof TYPES)[number];

/** A fault that is to come while a step runs. */
export interface Fault {
  readonly type: FaultType;
  readonly host: string;
  /** `chaos/once@c1` */
  readonly step: string;
  /** Milliseconds after the step's start. */
  readonly delayMs: number;
  /** In [0, 1): how it is done, where there are several ways. */
  readonly variant: number;
}

/** Steps that take half a second or more. */
const LONG = ['conf', 'small', 'package', 'once', 'service'];
/** Steps after which something is still to be written to the small disk. */
const BEFORE_WRITING = ['conf', 'small', 'package', 'once'];
const MAX_DELAY_MS = 300;

/** Which faults come in which run: equally many of each type, the same for the same seed. Pure. */
export function planRounds(seed: number, count: number, hosts: readonly string[]): Fault[][] {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const fault = (type: FaultType, host: string): Fault => ({
    type,
    host,
    step: `chaos/${pick(type === 'full' ? BEFORE_WRITING : LONG)}@${host}`,
    delayMs: Math.floor(random() * MAX_DELAY_MS),
    variant: random(),
  });
  const types = shuffled(
    Array.from({ length: count }, (_, index) => TYPES[index % TYPES.length]!),
    random,
  );
  const rounds = types.filter((type) => type === 'kill').map((type) => [fault(type, pick(hosts))]);
  let others = types.filter((type) => type !== 'kill');
  while (others.length > 0) {
    const size = 2 + Math.floor(random() * (hosts.length - 1));
    const chosen = shuffled(hosts, random);
    rounds.push(others.slice(0, size).map((type, index) => fault(type, chosen[index]!)));
    others = others.slice(size);
  }
  return shuffled(rounds, random);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
