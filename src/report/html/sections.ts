import type { EventError } from '#src/engine/events.ts';
import { formatBytes, formatDuration, plural } from '#src/render/units.ts';
import { type HostReport, lengthOf, type Part, type RunReport, type Span } from '../run-report.ts';
import { busyMs, waitedMs } from '../text.ts';
import type { Budget } from './budget.ts';
import { type Html, html } from './html.ts';
import { type Bar, lane, spanText } from './lane.ts';
import { statusWord } from './status.ts';

/** Lost hosts and failed steps, each with what the machine said and what to do next. */
export function failures({ hosts }: RunReport, budget: Budget): Html | undefined {
  const lost = hosts.flatMap(({ name, lost }) => (lost ? [card(`${name} was lost`, lost, [], budget)] : []));
  const failed = hosts.flatMap(({ steps }) =>
    steps
      .filter(({ status }) => status === 'failed')
      .map(({ name, host, error, output }) =>
        card(`${name} on ${host}`, error ?? { code: 'E_STEP', message: 'failed' }, output, budget),
      ),
  );
  if (lost.length + failed.length === 0) return undefined;
  return html`<section id="failures"><h2>Failures</h2>
${[...lost, ...failed]}</section>`;
}

function card(
  title: string,
  { code, message, output, command, hint }: EventError,
  said: readonly string[],
  budget: Budget,
): Html {
  const text = output?.trim() ? output.trimEnd() : said.join('\n');
  return html`<article class="failure"><h3>${title}</h3>
<p>${message} <span class="quiet">${code}</span></p>
${command && html`<p>Ran: <code>${command}</code></p>`}
${text && html`<p>The machine said:</p>${budget.tail(text)}`}
${hint && html`<p class="hint"><b>Next:</b> ${hint}</p>`}</article>
`;
}

export function notReached({ hosts }: RunReport): Html | undefined {
  const steps = hosts.flatMap((host) => host.steps.filter(({ status }) => status === 'not-reached'));
  if (steps.length === 0) return undefined;
  const byReason = Map.groupBy(steps, ({ reason }) => reason ?? 'for no known reason');
  return html`<section id="not-reached"><h2>Not reached</h2>
${[...byReason].map(
  ([
    reason,
    members,
  ]) => html`<details class="change"${members.length <= 10 && html` open`}><summary>${plural(members.length, 'step')}: ${reason}</summary>
<ul>${members.map(({ ref }) => html`<li><code>${ref}</code></li>`)}</ul></details>
`,
)}</section>`;
}

/** Where the time went: phases, roles, the slowest steps. */
export function times({ phases, roles, slowest, durationMs }: RunReport): Html {
  const steps = slowest.flatMap(({ ref, status, span }) =>
    span ? [{ name: ref, bar: { ...span, look: status, says: `${ref}, ${statusWord(status)}: ${spanText(span)}` } }] : [],
  );
  const parts = (list: readonly Part[]) =>
    list.map((part) => ({ name: part.name, bar: { ...part, look: 'phase', says: `${part.name}: ${spanText(part)}` } }));
  return html`<section id="times"><h2>Where the time went</h2>
${timeTable('Phases', parts(phases), durationMs)}
${timeTable('Roles, from the first start to the last end on any host', parts(roles), durationMs)}
${timeTable(`Slowest ${steps.length === 1 ? 'step' : `${steps.length} steps`}`, steps, durationMs)}
</section>`;
}

function timeTable(caption: string, rows: readonly { name: string; bar: Bar }[], total: number): Html | undefined {
  if (rows.length === 0) return undefined;
  return html`<h3>${caption}</h3>
${rows.map(
  ({
    name,
    bar,
  }) => html`<div class="row"><span class="name">${name}</span>${lane([bar], total, spanText(bar))}<span class="time">${formatDuration(lengthOf(bar))}</span></div>
`,
)}`;
}

const FEW_HOSTS = 20;

/** Round trips and bytes per host. */
export function traffic({ hosts, traffic: all }: RunReport): Html {
  const table = html`<div class="scroll" tabindex="0"><table class="numbers"><thead><tr>${['host', 'connect', 'probe', 'steps', 'waited', 'round trips', 'sent', 'received'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${hosts.map(trafficRow)}</tbody>
<tfoot><tr><th scope="row">all</th><td></td><td></td><td></td><td></td><td>${all.requests}</td><td>${formatBytes(all.bytesSent)}</td><td>${formatBytes(all.bytesReceived)}</td></tr></tfoot></table></div>`;
  return html`<section id="traffic"><h2>Traffic</h2>
<p>${plural(all.requests, 'round trip')}, ${formatBytes(all.bytesSent)} sent, ${formatBytes(all.bytesReceived)} received.</p>
${hosts.length <= FEW_HOSTS ? table : html`<details><summary>all ${hosts.length} hosts</summary>${table}</details>`}</section>`;
}

function trafficRow(host: HostReport): Html {
  const duration = (span: Span | undefined): string => (span ? formatDuration(lengthOf(span)) : '');
  const { requests, bytesSent, bytesReceived } = host.traffic ?? {};
  const bytes = (count: number | undefined): string => (count === undefined ? '' : formatBytes(count));
  return html`<tr><th scope="row">${host.name}</th><td>${duration(host.connect)}</td><td>${duration(host.observe)}</td><td>${formatDuration(busyMs(host))}</td><td>${formatDuration(waitedMs(host))}</td><td>${requests}</td><td>${bytes(bytesSent)}</td><td>${bytes(bytesReceived)}</td></tr>
`;
}

export function notes({ notes: all }: RunReport, budget: Budget): Html | undefined {
  if (all.length === 0) return undefined;
  return html`<section id="notes"><h2>Said on the way</h2><ol class="notes">${all.map(
    ({
      at,
      kind,
      host,
      text,
      output,
    }) => html`<li><span class="time">${formatDuration(at)}</span> ${kind === 'warning' && html`<b>⚠ warning:</b> `}${host && html`<b>${host}:</b> `}${text}${output && budget.tail(output)}</li>
`,
  )}</ol></section>`;
}
