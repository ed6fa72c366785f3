/** A step as the picture needs it: what a graph holds, and what a journal can tell. */
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

/** A box of the picture: a step, or all steps of a role on a host. */
interface Box {
  readonly id: string;
  readonly host: string;
  readonly label: string;
  readonly pools: readonly string[];
}

/**
 * The steps as a Mermaid flowchart (flowchart syntax of Mermaid 9 and later): a subgraph a host, arrows from what is done first. Thick arrows
 * lead to another host, dotted ones say what starts a service anew; boxes with a double border take turns in a pool. A box is a role of a host,
 * or with `detail: 'steps'` a step. Pure.
 */
export function mermaidGraph(steps: readonly DrawnStep[], { detail }: { detail: 'roles' | 'steps' }): string {
  const keyOf = (step: DrawnStep): string => (detail === 'steps' ? step.ref : `${step.role}@${step.host}`);
  const members = Map.groupBy(steps, keyOf);
  const boxes = new Map([...members].map(([key, some], index) => [key, boxOf(`s${index}`, some, detail)]));
  const byHost = Map.groupBy(boxes.values(), ({ host }) => host);
  return [
    'flowchart TD',
    ...[...byHost].flatMap(([host, some], index) => [
      `  subgraph h${index}[${quoted(host)}]`,
      '    direction TB',
      ...some.map(({ id, label, pools }) => `    ${id}${pools.length > 0 ? `[[${label}]]` : `[${label}]`}`),
      '  end',
    ]),
    ...arrows(steps, (step) => boxes.get(keyOf(step))),
    '',
  ].join('\n');
}

function boxOf(id: string, some: readonly DrawnStep[], detail: 'roles' | 'steps'): Box {
  const [first] = some;
  if (!first) throw new TypeError('a box without steps');
  const pools = [...new Set(some.flatMap(({ pool }) => pool ?? []))];
  const name = detail === 'steps' ? `${first.role}/${first.name}` : `${first.role} (${some.length})`;
  return { id, host: first.host, label: quoted([name, ...pools.map((pool) => `pool: ${pool}`)].join('\n')), pools };
}

/** One arrow for each pair of boxes. In detail, a restart says more than an order. */
function arrows(steps: readonly DrawnStep[], boxOfStep: (step: DrawnStep) => Box | undefined): string[] {
  const byRef = new Map(steps.map((step) => [step.ref, step]));
  const lines = new Map<string, string>();
  for (const step of steps) {
    const to = boxOfStep(step);
    for (const ref of step.after) {
      const before = byRef.get(ref);
      const from = before && boxOfStep(before);
      if (!from || !to || from === to) continue;
      const arrow = from.host !== to.host ? '==>' : step.restartOn?.includes(ref) ? '-.->' : '-->';
      lines.set(`${from.id} ${to.id}`, `  ${from.id} ${arrow} ${to.id}`);
    }
  }
  return [...lines.values()];
}

/** Mermaid's own escapes: entities by name or number, `<br/>` for a new line. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/[&<>"#]/g, (char) => `#${char.charCodeAt(0)};`).replaceAll('\n', '<br/>')}"`;
