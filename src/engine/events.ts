import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';

export type StepStatus = 'unchanged' | 'changed' | 'failed' | 'not-reached' | 'skipped';

export interface HostTraffic {
  requests: number;
  bytesSent: number;
  bytesReceived: number;
}

/** Which roles the hosts play, and what waits for what: ids are `role@host`. */
export interface RoleGraph {
  readonly roles: readonly { host: string; role: string; steps: number; pools: readonly string[] }[];
  readonly edges: readonly { from: string; to: string }[];
}

/** Which part of which inventory a run is about. Empty lists mean everything. */
export interface Asked {
  readonly limit?: string | undefined;
  readonly roles: readonly string[];
  readonly steps: readonly string[];
  readonly tags: readonly string[];
  readonly set: readonly string[];
  readonly kubeconfig?: string | undefined;
  /** Digest of the cluster directory. */
  readonly inventory: string;
}

/** Everything that happens in a run. Renderers and the journal see nothing else. Never holds a secret. */
export type EngineEvent =
  | {
      type: 'run.start';
      run: string;
      command: string;
      cluster: string;
      release: string;
      hosts: readonly string[];
      version: string;
      /** `user@machine`, as in the hosts' locks. */
      by?: string | undefined;
      /** What of the command line it takes to ask the same again; of --set the names only. */
      asked?: Asked | undefined;
      /** The unfinished run that this one goes on with. */
      resumes?: string | undefined;
    }
  | { type: 'phase.start'; phase: string }
  | { type: 'phase.end'; phase: string; durationMs: number }
  | ({ type: 'plan.graph' } & RoleGraph)
  | { type: 'host.connecting'; host: string; address: string }
  | { type: 'host.key.trusted'; host: string; fingerprint: string }
  | { type: 'host.connected'; host: string; durationMs: number }
  | { type: 'host.facts'; host: string; summary: string }
  | { type: 'host.observed'; host: string; steps: number; changes: number; durationMs: number }
  /** The hosts begin to work, each at its own pace. */
  | { type: 'host.work'; hosts: readonly string[] }
  /** Every step of the host has its outcome. */
  | { type: 'host.done'; host: string }
  | { type: 'host.waiting'; host: string; for: StepRef }
  /** Waits for its turn in a pool, where hosts work one at a time. */
  | { type: 'host.queued'; host: string; pool: string }
  /** The connection was lost, and is made again after a pause. `attempt` counts from 1; `reason`: what ended the last one. */
  | { type: 'host.reconnecting'; host: string; attempt: number; pauseMs: number; reason: string }
  /** It is back, locked, and was asked for facts; `rebooted`: its boot id is another one. */
  | { type: 'host.reconnected'; host: string; attempts: number; durationMs: number; rebooted: boolean }
  | { type: 'host.lost'; host: string; error: EventError }
  | { type: 'host.end'; host: string; traffic: HostTraffic; durationMs: number }
  | { type: 'step.planned'; host: string; step: StepRef; title: string; change: Change }
  | { type: 'step.start'; host: string; step: StepRef; title: string }
  | { type: 'step.output'; host: string; step: StepRef; text: string }
  | {
      type: 'step.end';
      host: string;
      step: StepRef;
      title: string;
      status: StepStatus;
      change?: Change | undefined;
      durationMs: number;
      error?: EventError | undefined;
      reason?: string | undefined;
    }
  | {
      type: 'hook.end';
      host?: string | undefined;
      hook: string;
      on: 'control' | 'host';
      status: 'done' | 'failed';
      exitCode: number;
      durationMs: number;
      output: string;
    }
  | { type: 'fact'; host?: string | undefined; text: string }
  | { type: 'warning'; host?: string | undefined; text: string }
  | {
      type: 'run.end';
      status: 'done' | 'failed' | 'interrupted';
      exitCode: number;
      changed: number;
      failed: number;
      notReached: number;
      durationMs: number;
    };

export interface EventError {
  code: string;
  message: string;
  host?: string | undefined;
  step?: string | undefined;
  command?: string | undefined;
  output?: string | undefined;
  hint?: string | undefined;
}

/** An event with its time, as it stands in the journal: `at` is ISO 8601, `seq` counts from 0. */
export type StampedEvent = EngineEvent & { at: string; seq: number; v: 1 };

export type Emit = (event: EngineEvent) => void;
