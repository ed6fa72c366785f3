import type { RoleGraph } from '#src/engine/events.ts';

/** Hosts that play the same roles and wait for the same roles of others: drawn once. */
export interface HostClass {
  readonly hosts: readonly string[];
  readonly roles: readonly { role: string; steps: number; pools: readonly string[] }[];
  /** Column, counted from 0: behind everything it waits for. */
  readonly column: number;
}

/** Between boxes of two classes: index of the class and of the role in it. */
export interface ClassEdge {
  readonly from: { host: number; role: number };
  readonly to: { host: number; role: number };
}

/** The graph with equal hosts joined, in columns: 300 agents are one box. Pure. */
export function layoutGraph({ roles, edges }: RoleGraph): { classes: HostClass[]; edges: ClassEdge[] } {
  const byHost = Map.groupBy(roles, ({ host }) => host);
  const rolesKey = (host: string): string => (byHost.get(host) ?? []).map(({ role }) => role).join(' ');
  const between = edges
    .map(({ from, to }) => ({ from: parseId(from), to: parseId(to) }))
    .filter(({ from, to }) => from.host !== to.host);
  const waits = Map.groupBy(between, ({ to }) => to.host);
  const keyOf = (host: string): string => {
    const lines = (waits.get(host) ?? []).map(({ from, to }) => `${to.role} < ${from.role} of ${rolesKey(from.host)}`);
    return [rolesKey(host), ...[...new Set(lines)].sort()].join('\n');
  };
  const groups = [...Map.groupBy(byHost.keys(), keyOf).values()];
  const classOf = new Map(groups.flatMap((hosts, index) => hosts.map((host) => [host, index] as const)));
  const roleNames = groups.map(([host]) => (byHost.get(host ?? '') ?? []).map(({ role }) => role));
  const place = ({ host, role }: { host: string; role: string }) => {
    const index = classOf.get(host) ?? -1;
    return { host: index, role: roleNames[index]?.indexOf(role) ?? -1 };
  };
  const classEdges = between
    .map(({ from, to }) => ({ from: place(from), to: place(to) }))
    .filter(({ from, to }) => from.host !== to.host && from.role >= 0 && to.role >= 0);
  const unique = [...new Map(classEdges.map((edge) => [JSON.stringify(edge), edge])).values()];
  const columns = columnsOfClasses(groups.length, unique);
  const classes = groups.map((hosts, index) => ({
    hosts,
    column: columns[index] ?? 0,
    roles: (byHost.get(hosts[0] ?? '') ?? []).map(({ role, steps, pools }) => ({ role, steps, pools })),
  }));
  return { classes, edges: unique };
}

function parseId(id: string): { role: string; host: string } {
  const at = id.lastIndexOf('@');
  return { role: id.slice(0, at), host: id.slice(at + 1) };
}

/** Longest way from the beginning; where classes wait for each other, as far as their number. */
function columnsOfClasses(count: number, edges: readonly ClassEdge[]): number[] {
  const columns = Array.from({ length: count }, () => 0);
  for (let round = 1; round < count; round += 1) {
    for (const { from, to } of edges) {
      const least = (columns[from.host] ?? 0) + 1;
      if (least < count && least > (columns[to.host] ?? 0)) columns[to.host] = least;
    }
  }
  return columns;
}
