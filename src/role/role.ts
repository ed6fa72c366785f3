import type { ZodType } from 'zod';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { TemplateOverrides } from '#src/template/template.ts';
import type { StepList } from './step.ts';

export interface RoleInput<Vars> {
  readonly host: Host;
  readonly facts: Facts;
  readonly vars: Vars;
  readonly cluster: Cluster;
  /** What the cluster directory puts in the place of this role's templates: give it to them. */
  readonly templates: TemplateOverrides;
}

/** A port that a role's services listen on; preflight checks that it is free or ours. */
export interface WantedPort {
  port: number;
  /** Process names that may hold it already because they are ours: `k3s`. */
  ours: readonly string[];
}

/** A pure function from (facts, variables) to steps. Of other hosts it sees inventory values only. */
export interface Role<Vars = unknown> {
  readonly name: string;
  /** Key of its variables in group_vars, host_vars and cluster.yaml; two roles may share one (`k3s`). */
  readonly namespace: string;
  /** Every key has a default; unknown keys are refused. */
  readonly vars: ZodType<Vars>;
  steps(input: RoleInput<Vars>): StepList;
  /** It asks the cluster for secrets: whoever gives it to a host needs a key. Roles of a cluster's own need not say so. */
  readonly usesSecrets?: boolean;
  /** Names of its templates that a cluster directory may put its own in the place of: `templates/ROLE/NAME`. */
  readonly templates?: readonly string[];
  /** What must hold before the first change on the host. */
  readonly preflight?: {
    ports?(vars: Vars): readonly WantedPort[];
    /** Bytes that must be free on /var. */
    diskBytes?: number;
    /** The memory cgroup must be there. */
    memoryCgroup?: boolean;
  };
}

export function defineRole<Vars>(role: Role<Vars>): Role<Vars> {
  return role;
}
