import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { ActionContext } from '#src/role/action.ts';
import type { ExtraEdge } from '#src/role/edge.ts';
import type { Role } from '#src/role/role.ts';
import type { StepRef } from '#src/role/step.ts';
import type { LockRequest } from '#src/transport/connection.ts';
import type { ApplyOptions } from './apply-stretch.ts';
import type { Emit } from './events.ts';
import type { RoleSteps } from './graph.ts';
import type { KubeAccess } from './kube-access.ts';
import type { Connect } from './link.ts';
import type { StepSelection } from './selection.ts';
import type { StepHooks } from './step-hooks.ts';

/** Makes the steps of this machine: kubeconfig, hand-off. `lastStepOf` is what they may wait for. */
export type ControlSteps = (kube: KubeAccess, lastStepOf: (host: string) => StepRef | undefined) => readonly RoleSteps[];

export interface RunOptions {
  readonly cluster: Cluster;
  readonly roles: readonly Role[];
  /** Hosts chosen by --limit; all by default. */
  readonly chosen: readonly Host[];
  readonly control?: ControlSteps;
  /** Edges that the operator adds to those of the roles. */
  readonly edges?: readonly ExtraEdge[];
  /** Steps chosen by --role, --step, --tags; all by default. */
  readonly selection?: StepSelection;
  /** A kept plan is done: what it did not foresee fails, with the reason. */
  readonly isPlanBinding?: boolean;
  readonly hooks?: HookFactory;
  /** The server through which the API is reached, and whose lock is the cluster's; undefined: the cluster has none. */
  readonly initServer: Host | undefined;
  readonly stateDirectory: string;
  /** Undefined: nothing is locked, as nothing is changed. */
  readonly lock: LockRequest | undefined;
  readonly connect: Connect;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Aborted by the first Ctrl-C: what runs may end, nothing new begins. */
  readonly draining: AbortSignal;
  readonly fetchArtifact: ApplyOptions['fetchArtifact'];
}

/** Makes the hooks of one host, or of this machine. */
export type HookFactory = (context: ActionContext, host: string) => StepHooks;
