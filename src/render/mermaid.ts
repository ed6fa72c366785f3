import type { RoleGraph } from '#src/engine/events.ts';

/** A step as the picture needs it. */
export interface DrawnStep {
  /** `role/step@host`, unique. */
  readonly ref: string;
  readonly host: string;
  readonly role: string;
  readonly name: string;
  /** Refs that it waits for; those that are not drawn are left out. */
  readonly after: readonly string[];
  /** Of those, the ones whose change starts it anew. */
  readonly restartOn?: readonly string[];
  readonly pool?: string | undefined;
}

interface Box {
  readonly key: string;
  readonly host: string;
  readonly name: string;
  readonly pools: readonly string[];
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly isRestart: boolean;
}

/**
 * Steps as a Mermaid flowchart (flowchart syntax of Mermaid 9 and later): a subgraph a host, arrows from what is done first. Thick arrows
 * lead to another host, dotted ones say what starts a service anew; boxes with a double border take turns in a pool. Pure.
 */
export function mermaidSteps(steps: readonly DrawnStep[]): string {
  const boxes = steps.map(({ ref, host, role, name, pool }) => ({
    key: ref,
    host,
    name: `${role}/${name}`,
    pools: pool ? [pool] : [],
  }));
  const arrows = steps.flatMap(({ ref, after, restartOn }) =>
    after.map((from) => ({ from, to: ref, isRestart: restartOn?.includes(from) ?? false })),
  );
  return flowchart(boxes, arrows);
}

/** The same with a box for each role of a host. */
export function mermaidRoles({ roles, edges }: RoleGraph): string {
  const boxes = roles.map(({ host, role, steps, pools }) => ({
    key: `${role}@${host}`,
    host,
    name: `${role} (${steps})`,
    pools,
  }));
  return flowchart(
    boxes,
    edges.map((edge) => ({ ...edge, isRestart: false })),
  );
}

function flowchart(boxes: readonly Box[], arrows: readonly Arrow[]): string {
  const placed = new Map(boxes.map((box, index) => [box.key, { ...box, id: `s${index}` }]));
  const byHost = Map.groupBy(placed.values(), ({ host }) => host);
  const lines = arrows.flatMap(({ from, to, isRestart }) => {
    const [tail, head] = [placed.get(from), placed.get(to)];
    if (!tail || !head) return [];
    return [`  ${tail.id} ${tail.host !== head.host ? '==>' : isRestart ? '-.->' : '-->'} ${head.id}`];
  });
  return [
    'flowchart TD',
    ...[...byHost].flatMap(([host, some], index) => [
      `  subgraph h${index}[${quoted(host)}]`,
      '    direction TB',
      ...some.map(({ id, name, pools }) => {
        const label = quoted([name, ...pools.map((pool) => `pool: ${pool}`)].join('\n'));
        return `    ${id}${pools.length > 0 ? `[[${label}]]` : `[${label}]`}`;
      }),
      '  end',
    ]),
    ...lines,
    '',
  ].join('\n');
}

/** Mermaid's own escapes: entities by name or number, `<br/>` for a new line. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/[&<>"#]/g, (char) => `#${char.charCodeAt(0)};`).replaceAll('\n', '<br/>')}"`;
