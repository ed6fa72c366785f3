import { formatDuration, plural } from '#src/render/units.ts';
import { type HostReport, lengthOf, type RunReport, type StepReport } from '../run-report.ts';
import { busyMs, waitedMs } from '../text.ts';
import { type Html, html } from './html.ts';
import { axis, type Bar, lane, plainLane, spanText } from './lane.ts';
import { statusWord, stepSign, tally } from './status.ts';

/** A host with more rows than that is not opened by itself, whatever happened there. */
const MOST_OPENED = 60;

/** Where the description of a step stands in the page, if it does. */
export type LinkTo = (step: StepReport) => string | undefined;

/** A line per host on one scale of time; opened, a line per step. */
export function timeline({ hosts, phases, durationMs }: RunReport, linkTo: LinkTo): Html {
  const phaseBars = phases.map((phase) => ({ ...phase, look: 'phase', says: `${phase.name}: ${spanText(phase)}` }));
  return html`<section id="timeline">
<h2>Timeline</h2>
${legend()}
<div class="row scale"><span class="name"></span>${axis(durationMs)}<span class="time"></span></div>
<div class="row"><span class="name">phases</span>${lane(phaseBars, durationMs, phaseBars.map(({ says }) => says).join('; '))}<span class="time"></span></div>
${hosts.map((host) => hostRow(host, durationMs, linkTo, hosts.length === 1))}
</section>`;
}

const LEGEND: readonly (readonly [string, string])[] = [
  ['phase', 'phase'],
  ['connect', 'connect'],
  ['probe', 'probe'],
  ['changed', 'step that changed something'],
  ['failed', 'failed step'],
  ['unfinished', 'step without an end'],
  ['waiting', 'waits: for another host, its turn, its connection'],
];

const legend = (): Html =>
  html`<ul class="legend">${LEGEND.map(
    ([look, says]) =>
      html`<li><svg class="lane" aria-hidden="true"><rect class="${look}" x="0" width="100%"/></svg> ${says}</li>`,
  )}</ul>`;

function hostRow(host: HostReport, total: number, linkTo: LinkTo, isAlone: boolean): Html {
  const { name, address, summary, steps, lost } = host;
  const [busy, waited] = [busyMs(host), waitedMs(host)];
  const says = `${name}: ${formatDuration(busy)} in steps, ${formatDuration(waited)} waiting`;
  const listed = steps.filter(
    ({ status, span }) => span || status === 'failed' || status === 'not-reached' || status === 'planned',
  );
  const passed = steps.filter((step) => !listed.includes(step));
  const hasFailed = lost !== undefined || steps.some(({ status }) => status === 'failed');
  return html`<details class="host"${(isAlone || hasFailed) && listed.length <= MOST_OPENED && html` open`} data-item>
<summary class="row"><span class="name"><b>${name}</b> ${lost && html`<span class="status failed">✖ lost</span> `}${tally(steps)}</span>${lane(hostBars(host), total, says)}<span class="time" title="${says}">${formatDuration(busy)}</span></summary>
<p class="quiet">${[address, summary, waited > 0 && `waited ${formatDuration(waited)}`].filter(Boolean).join(' · ')}</p>
${listed.map((step) => stepRow(step, total, linkTo(step)))}
${passed.length > 0 && html`<details><summary class="quiet">${plural(passed.length, 'step')} as they should be</summary><p class="quiet names">${passed.map((step) => step.name).join(', ')}</p></details>`}
</details>`;
}

function hostBars({ connect, observe, waits, steps }: HostReport): Bar[] {
  return [
    ...(connect ? [{ ...connect, look: 'connect', says: `connect: ${spanText(connect)}` }] : []),
    ...(observe ? [{ ...observe, look: 'probe', says: `probe: ${spanText(observe)}` }] : []),
    ...waits.map((wait) => ({ ...wait, look: 'waiting', says: `waits for ${wait.for}: ${spanText(wait)}` })),
    ...steps.flatMap(stepBars),
  ];
}

const stepBars = ({ name, status, span }: StepReport): Bar[] =>
  span ? [{ ...span, look: status, says: `${name}, ${statusWord(status)}: ${spanText(span)}` }] : [];

function stepRow(step: StepReport, total: number, link: string | undefined): Html {
  const { name, status, span, reason, title } = step;
  const text = link ? html`<a href="#${link}">${name}</a>` : html`<span title="${title}">${name}</span>`;
  return html`<div class="row step"><span class="name">${stepSign(status)} ${text}${reason && html` <span class="quiet">${reason}</span>`}</span>${
    span ? plainLane(span, status, total) : html`<span></span>`
  }<span class="time">${span && formatDuration(lengthOf(span))}</span></div>
`;
}
