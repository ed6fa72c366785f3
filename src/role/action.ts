import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { KubeClient } from '#src/kube/client.ts';
import type { Change } from '#src/resource/kind.ts';
import type { RootShell } from '#src/transport/connection.ts';

/** What an action may use. A run is an object: nothing here is global. */
export interface ActionContext {
  readonly host: Host;
  readonly cluster: Cluster;
  /** The root shell of a host of this run; HostLostError when it is gone. */
  shell(host: string): Promise<RootShell>;
  /** The Kubernetes API through an SSH tunnel to a server; one client per run. Rejects while there is no API yet. */
  kube(): Promise<KubeClient>;
  /** A fact that has just become true, as one line for people. */
  report(fact: string): void;
  readonly signal: AbortSignal;
}

/** Work that is not host state: wait for a node, apply to the Kubernetes API. It too checks first. */
export interface Action {
  readonly type: 'action';
  /** Name of the step: `wait-ready`. */
  readonly name: string;
  /** For people: "wait until n2 is Ready". */
  readonly title: string;
  /** What it may do at most, known without looking. */
  readonly planned: Change;
  /** It only looks until something has come true: a run that is drained does not wait for it. Its `context.signal` is aborted then, too. */
  readonly isWait?: boolean;
  /** Never changes anything. `later`: what it looks at does not exist yet. */
  check(context: ActionContext): Promise<'done' | Change | 'later'>;
  /** Followed by `check()`, which must then say `done`. */
  run(context: ActionContext): Promise<void>;
}

export const defineAction = (action: Omit<Action, 'type'>): Action => ({ type: 'action', ...action });
