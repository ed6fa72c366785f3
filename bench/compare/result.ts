/** What is measured, in the order of the table. */
export const PHASES = ['first apply', 'converged', 'one changed file'] as const;
export type Phase = (typeof PHASES)[number];

export const TOOLS = ['floor', 'picluster', 'pyinfra', 'Ansible with Mitogen', 'ansible-core'] as const;
export type Tool = (typeof TOOLS)[number];

/** Seconds of each run, in the order of the runs: run n of one tool stands beside run n of the others. */
export interface Series {
  readonly hosts: number;
  readonly phase: Phase;
  readonly tool: Tool;
  readonly seconds: readonly number[];
}

export interface Comparison {
  /** ISO date. */
  readonly date: string;
  /** Size of the machine that everything ran on, for people: `2 CPUs, 23 GiB`. */
  readonly machine: string;
  /** Load of the last minute before it began, as uptime says. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly series: readonly Series[];
}

/** How many times faster than a tool picluster is to be, on four hosts. For the floor: how many times slower it may be. */
export const GOALS: readonly { phase: Phase; tool: Tool; times: number }[] = [
  { phase: 'first apply', tool: 'ansible-core', times: 5 },
  { phase: 'converged', tool: 'floor', times: 2 },
  { phase: 'converged', tool: 'pyinfra', times: 5 },
  { phase: 'converged', tool: 'Ansible with Mitogen', times: 10 },
  { phase: 'converged', tool: 'ansible-core', times: 30 },
  { phase: 'one changed file', tool: 'ansible-core', times: 20 },
];
