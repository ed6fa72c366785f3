import { mermaidRoles } from '#src/render/mermaid.ts';
import { cutTo } from '#src/render/width.ts';
import type { RunReport } from '../run-report.ts';
import { type ClassEdge, type HostClass, layoutGraph } from './graph-layout.ts';
import { type Html, html } from './html.ts';

const BOX = { width: 170, height: 30, gap: 18 };
const PANEL = { width: BOX.width + 30, title: 34, padding: 12 };
const GAP = { x: 80, y: 24 };

interface Panel extends HostClass {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Which role waits for which, drawn; and the same as Mermaid text. */
export function graphSection({ graph }: RunReport): Html | undefined {
  if (graph.roles.length === 0) return undefined;
  const { classes, edges } = layoutGraph(graph);
  const panels = placePanels(classes);
  const width = Math.max(...panels.map(({ x }) => x + PANEL.width)) + 2;
  const height = Math.max(...panels.map(({ y, height: own }) => y + own)) + 2;
  return html`<section id="graph"><h2>What waits for what</h2>
<p class="quiet">From left to right; hosts that play the same roles and wait for the same are drawn once.</p>
<div class="scroll" tabindex="0"><svg class="graph" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Roles of the hosts and what they wait for; the same as text below">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${panels.map(panelSvg)}${edges.map((edge) => edgeSvg(edge, panels))}</svg></div>
<details><summary>as Mermaid</summary><pre tabindex="0">${mermaidRoles(graph)}</pre></details></section>`;
}

function placePanels(classes: readonly HostClass[]): Panel[] {
  const bottoms = new Map<number, number>();
  return classes.map((hostClass) => {
    const y = bottoms.get(hostClass.column) ?? 1;
    const { length } = hostClass.roles;
    const height = PANEL.title + length * BOX.height + (length - 1) * BOX.gap + PANEL.padding;
    bottoms.set(hostClass.column, y + height + GAP.y);
    return { ...hostClass, x: 1 + hostClass.column * (PANEL.width + GAP.x), y, height };
  });
}

const boxTop = ({ y }: Panel, role: number): number => y + PANEL.title + role * (BOX.height + BOX.gap);

function panelSvg(panel: Panel): Html {
  const { x, y, height, hosts, roles } = panel;
  const left = x + (PANEL.width - BOX.width) / 2;
  const label = hosts.length <= 2 ? hosts.join(', ') : `${hosts[0]} … ${hosts.at(-1)} (${hosts.length})`;
  return html`<g><title>${hosts.join(', ')}</title><rect class="panel" x="${x}" y="${y}" width="${PANEL.width}" height="${height}" rx="8"/><text class="hosts" x="${left}" y="${y + 22}">${cutTo(22, label)}</text>
${roles.map(({ role, steps, pools }, index) => {
  const top = boxTop(panel, index);
  const pooled =
    pools.length > 0 &&
    html`<title>one at a time: ${pools.join(', ')}</title><rect class="role" x="${left - 3}" y="${top - 3}" width="${BOX.width + 6}" height="${BOX.height + 6}" rx="6"/>`;
  const down = index > 0 && html`<path class="edge" d="M${left + 20} ${top - BOX.gap}v${BOX.gap - 4}" marker-end="url(#arrow)"/>`;
  return html`<g>${pooled}<rect class="role" x="${left}" y="${top}" width="${BOX.width}" height="${BOX.height}" rx="4"/><text x="${left + 10}" y="${top + 20}">${cutTo(16, role)}</text><text class="count" x="${left + BOX.width - 10}" y="${top + 20}">${steps}</text>${down}</g>
`;
})}</g>`;
}

function edgeSvg({ from, to }: ClassEdge, panels: readonly Panel[]): Html {
  const [source, target] = [panels[from.host], panels[to.host]];
  if (!source || !target) return html``;
  const x1 = source.x + (PANEL.width + BOX.width) / 2;
  const x2 = target.x + (PANEL.width - BOX.width) / 2;
  const [y1, y2] = [boxTop(source, from.role) + BOX.height / 2, boxTop(target, to.role) + BOX.height / 2];
  const bend = Math.max(40, (x2 - x1) / 2);
  return html`<path class="edge between" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" marker-end="url(#arrow)"/>`;
}
