import type { StepRef } from '#src/role/step.ts';
import type { RoleGraph } from './events.ts';

interface Placed {
  readonly ref: StepRef;
  readonly host: string;
  readonly role: string;
  readonly after: readonly StepRef[];
  readonly pool?: string | undefined;
}

/** The graph of a run as people draw it: a node for every role of a host, an edge where one waits for another. Small, even where steps are many. Pure. */
export function roleGraphOf(steps: readonly Placed[]): RoleGraph {
  const idOf = ({ role, host }: Placed): string => `${role}@${host}`;
  const byRef = new Map(steps.map((step) => [step.ref, step]));
  const edges = new Map<string, RoleGraph['edges'][number]>();
  for (const step of steps) {
    for (const ref of step.after) {
      const before = byRef.get(ref);
      if (!before || idOf(before) === idOf(step)) continue;
      edges.set(`${idOf(before)} ${idOf(step)}`, { from: idOf(before), to: idOf(step) });
    }
  }
  const roles = [...Map.groupBy(steps, idOf).values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const pools = [...new Set(members.flatMap(({ pool }) => pool ?? []))];
    return [{ host: first.host, role: first.role, steps: members.length, pools }];
  });
  return { roles, edges: [...edges.values()] };
}
