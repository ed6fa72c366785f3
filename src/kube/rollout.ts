import type { KubeObject } from './client.ts';
import { conditionOf, isObserved } from './objects.ts';

interface DeploymentStatus {
  replicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
}

/** Why a Deployment is not (yet) rolled out at its last generation; undefined: it is. As `kubectl rollout status` sees it. */
export function rolloutLack(deployment: KubeObject | undefined): string | undefined {
  if (!deployment) return 'it does not exist';
  if (!isObserved(deployment)) return 'its last change has not been seen yet';
  const wanted = (deployment.spec as { replicas?: number }).replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = (deployment.status ?? {}) as DeploymentStatus;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods are of its last version`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} pods of an older version are still there`;
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods are available`;
  if (wanted > 0 && conditionOf(deployment, 'Available')?.status !== 'True') return 'it is not Available';
  return undefined;
}
