import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Role } from '#src/role/role.ts';
import { buildGraph } from './graph.ts';
import { readKeptFacts } from './kept-facts.ts';
import type { Foreseen } from './link.ts';
import { isResourceStep, probeOf } from './observe.ts';
import { roleSteps } from './role-steps.ts';

/**
 * The probe that will be asked of a host if it is what it was when its facts were kept; undefined when nothing was kept or the host has no
 * resources. It is a guess: whatever is wrong with it is told when the steps are made from true facts.
 */
export async function foreseeProbe(
  { cluster, roles, stateDirectory }: { cluster: Cluster; roles: readonly Role[]; stateDirectory: string },
  host: Host,
): Promise<Foreseen | undefined> {
  const kept = await readKeptFacts(stateDirectory, host.name);
  if (!kept) return undefined;
  try {
    const graph = buildGraph(roleSteps(roles, cluster, host, kept.facts));
    const steps = [...graph.steps.values()].filter(isResourceStep);
    return steps.length === 0 ? undefined : { probe: probeOf(steps, kept.facts).script, fingerprint: kept.fingerprint };
  } catch {
    return undefined;
  }
}
