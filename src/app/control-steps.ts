import type { Cluster } from '#src/cluster/cluster.ts';
import { CONTROL } from '#src/engine/run.ts';
import type { ControlSteps } from '#src/engine/run-options.ts';
import { fluxSteps } from '#src/flux/handoff.ts';
import { kubeconfigAction } from '#src/kube/kubeconfig-action.ts';
import { step } from '#src/role/step.ts';
import { initServerOf } from './init-server.ts';
import type { Artifacts } from './open-cluster.ts';

export interface ControlOptions {
  cluster: Cluster;
  artifacts: Artifacts;
  /** Where the kubeconfig is written; undefined: merged into the user's. */
  kubeconfig: string | undefined;
  signal: AbortSignal;
}

export const CONTROL_ROLES: readonly string[] = ['kubeconfig', 'flux'];

/** What bootstrap does from this machine once the first server is done: the kubeconfig, then Flux. */
export function controlSteps({ cluster, artifacts, kubeconfig, signal }: ControlOptions): ControlSteps {
  return (kube, lastStepOf) => {
    const server = initServerOf(cluster);
    const after = server && lastStepOf(server.name);
    const edges = after ? { after: [after] } : {};
    const config = kubeconfigAction({ cluster, fetch: () => kube.kubeconfig(), file: kubeconfig });
    const flux = fluxSteps(cluster, () => artifacts.read(cluster.artifact('flux', 'install', 'amd64'), signal));
    return [
      { host: CONTROL, role: 'kubeconfig', list: [step(config, edges)] },
      { host: CONTROL, role: 'flux', list: flux.map((action) => step(action)) },
    ];
  };
}
