import type { EventError, HostTraffic, RoleGraph, StepStatus } from '#src/engine/events.ts';
import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';

/** From and to, in milliseconds since the run began. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const lengthOf = ({ from, to }: Span): number => to - from;

/** `planned`: not begun, as in a plan; `unfinished`: begun, and the journal ends before it does. */
export type ReportedStatus = StepStatus | 'planned' | 'unfinished';

export interface StepReport {
  readonly ref: StepRef;
  readonly host: string;
  readonly role: string;
  /** The ref without its host: the same step of another host has the same. */
  readonly name: string;
  readonly title: string;
  readonly status: ReportedStatus;
  /** Only of steps that were begun. */
  readonly span?: Span | undefined;
  readonly change?: Change | undefined;
  readonly error?: EventError | undefined;
  readonly reason?: string | undefined;
  /** Lines that the machine said. */
  readonly output: readonly string[];
}

export interface Waiting extends Span {
  readonly for: string;
}

export interface HostReport {
  readonly name: string;
  readonly address?: string | undefined;
  readonly summary?: string | undefined;
  readonly connect?: Span | undefined;
  /** The probe before the plan. */
  readonly observe?: Span | undefined;
  /** For steps of other hosts. */
  readonly waits: readonly Waiting[];
  /** In the order in which they ended; what was only planned comes last. */
  readonly steps: readonly StepReport[];
  readonly traffic?: HostTraffic | undefined;
  readonly lost?: EventError | undefined;
}

export interface Note {
  readonly at: number;
  readonly kind: 'fact' | 'warning';
  readonly host?: string | undefined;
  readonly text: string;
  /** What a hook printed. */
  readonly output?: string | undefined;
}

/** Part of a run: a phase, or a role from its first start to its last end over all hosts. */
export interface Part extends Span {
  readonly name: string;
}

export type RunState = 'done' | 'failed' | 'interrupted' | 'unfinished';

/** What a run came to: made of its events alone, by `reportOf`. Durations are milliseconds. */
export interface RunReport {
  readonly run: string;
  /** With its choice of hosts and steps: `apply --limit n1`. */
  readonly command: string;
  readonly cluster: string;
  readonly release: string;
  readonly version: string;
  readonly by?: string | undefined;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly state: RunState;
  readonly exitCode?: number | undefined;
  readonly counts: Readonly<Record<ReportedStatus, number>>;
  readonly phases: readonly Part[];
  readonly roles: readonly Part[];
  readonly hosts: readonly HostReport[];
  /** The longest ten, longest first. */
  readonly slowest: readonly StepReport[];
  readonly traffic: HostTraffic;
  readonly notes: readonly Note[];
  readonly graph: RoleGraph;
}
