import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { formatDuration, formatTime, plural } from '#src/render/units.ts';
import type { RunReport } from '../run-report.ts';
import { Budget } from './budget.ts';
import { changeGroups, changes } from './changes.ts';
import { graphSection } from './graph-svg.ts';
import { Html, html } from './html.ts';
import { tickStyle } from './lane.ts';
import { failures, notes, notReached, times, traffic } from './sections.ts';
import { stateBadge, stateWord } from './status.ts';
import { timeline } from './timeline.ts';

/** Of what machines said and of diffs; the page's own words come on top. */
const MOST_TEXT = 800_000;

const asset = (name: string): Html => new Html(readFileSync(new URL(name, import.meta.url), 'utf8'));

/** One page that needs nothing else: no network, no script to be read. What may be loaded or run is pinned in its own policy. Pure but for its style and script files. */
export function reportPage(report: RunReport): string {
  const [style, script] = [asset('report.css'), asset('report.js')];
  const { command, cluster, startedAt, state } = report;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${sha256(script.text)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${command} of ${cluster}, ${formatTime(startedAt)}: ${stateWord(state)}</title>
<style>${style}</style>
</head>
<body>
${body(report)}
<script>${script}</script>
</body>
</html>
`.text;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

function body(report: RunReport): Html {
  const budget = new Budget(MOST_TEXT);
  const groups = changeGroups(report);
  const links = new Map(groups.flatMap(({ id, members }) => members.map((member) => [member, id] as const)));
  const sections: readonly (readonly [string, string, Html | undefined])[] = [
    ['failures', 'Failures', failures(report, budget)],
    ['not-reached', 'Not reached', notReached(report)],
    ['timeline', 'Timeline', timeline(report, (step) => links.get(step))],
    ['changes', 'Changes', changes(groups, budget)],
    ['times', 'Times', times(report)],
    ['traffic', 'Traffic', traffic(report)],
    ['graph', 'Graph', graphSection(report)],
    ['notes', 'Said on the way', notes(report, budget)],
  ];
  const shown = sections.filter(([, , section]) => section !== undefined);
  return html`${patterns()}
${header(report)}
<nav aria-label="Sections"><ul>${shown.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul>
<p id="filter" hidden><label>Filter <input type="search" placeholder="host or step"></label> <button type="button" data-open="true">Open all</button> <button type="button" data-open="false">Close all</button></p></nav>
<main style="${tickStyle(report.durationMs)}">
${shown.map(
  ([, , section]) => html`${section}
`,
)}</main>
<footer><p>picluster ${report.version}, run ${report.run}. Made of the run's journal alone; ${html`<code>picluster report ${report.run} --output json</code>`} has the same as data.</p></footer>`;
}

function header({
  command,
  cluster,
  release,
  by,
  startedAt,
  durationMs,
  state,
  exitCode,
  hosts,
  counts,
  traffic: all,
}: RunReport): Html {
  const lost = hosts.filter((host) => host.lost).length;
  const tiles: readonly (readonly [number | string, string, string])[] = [
    [counts.changed, 'changed', 'changed'],
    [counts.planned, 'planned', 'planned'],
    [counts.failed, 'failed', 'failed'],
    [counts.unfinished, 'begun, not ended', 'unfinished'],
    [counts['not-reached'], 'not reached', 'not-reached'],
    [counts.unchanged, 'as they should be', 'unchanged'],
    [lost, `${lost === 1 ? 'host' : 'hosts'} lost`, 'failed'],
  ];
  return html`<header>
<h1>${command} of ${cluster} ${stateBadge(state)}</h1>
<p><time datetime="${startedAt}">${formatTime(startedAt)}</time> · ${formatDuration(durationMs)} · ${plural(hosts.length, 'host')} · release ${release}${by && ` · by ${by}`}${exitCode ? ` · exit code ${exitCode}` : ''}</p>
${state === 'unfinished' && html`<p>The journal has no end: the run is under way, or was killed.</p>`}
<ul class="tiles">${tiles.filter(([count]) => count !== 0).map(([count, what, look]) => html`<li class="${look}"><b>${count}</b> ${what}</li>`)}<li><b>${all.requests}</b> round trips</li></ul>
</header>`;
}

/** What bars are filled with, so that nothing is told by colour alone. */
const patterns = (): Html => html`<svg class="patterns" aria-hidden="true"><defs>
<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="stripe-ground" width="6" height="6"/><rect class="stripe" width="2.5" height="6"/></pattern>
<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="dot" cx="2.5" cy="2.5" r="1"/></pattern>
<pattern id="grid" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="grid-ground" width="5" height="5"/><rect class="grid" width="1.5" height="5"/></pattern>
</defs></svg>`;
