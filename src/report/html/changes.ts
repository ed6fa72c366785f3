import { changeSummary } from '#src/render/change-text.ts';
import { formatDuration, plural } from '#src/render/units.ts';
import type { FieldChange } from '#src/resource/kind.ts';
import { lengthOf, type RunReport, type StepReport } from '../run-report.ts';
import type { Budget } from './budget.ts';
import { type Html, html } from './html.ts';

/** The same change, on however many hosts. */
export interface ChangeGroup {
  /** Where it stands in the page. */
  readonly id: string;
  readonly role: string;
  readonly name: string;
  readonly summary: string;
  readonly members: readonly StepReport[];
}

const OPENED_GROUPS = 8;
const NAMED_HOSTS = 8;

/** Changes done, or planned; equal ones of several hosts together, in the order of the first of them. Pure. */
export function changeGroups({ hosts }: RunReport): ChangeGroup[] {
  const changes = hosts.flatMap(({ steps }) =>
    steps.filter(({ change, status }) => change && (status === 'changed' || status === 'planned')),
  );
  const keyOf = ({ name, status, change }: StepReport): string => JSON.stringify([name, status, change]);
  return [...Map.groupBy(changes, keyOf).values()].flatMap((members, index) => {
    const [first] = members;
    if (!first?.change) return [];
    return [{ id: `change-${index}`, role: first.role, name: first.name, summary: changeSummary(first.change), members }];
  });
}

export function changes(groups: readonly ChangeGroup[], budget: Budget): Html | undefined {
  if (groups.length === 0) return undefined;
  const isPlan = groups.every(({ members }) => members[0]?.status === 'planned');
  const byRole = Map.groupBy(groups, ({ role }) => role);
  return html`<section id="changes">
<h2>${isPlan ? 'Planned changes' : 'Changes'}</h2>
${[...byRole].map(
  ([role, some]) => html`<h3>${role}</h3>
${some.map((group) => changeGroup(group, budget, groups.length <= OPENED_GROUPS))}`,
)}
${budget.refused > 0 && html`<p class="quiet">This run is large: ${plural(budget.refused, 'detail')} of changes have no room here; they stand in the journal.</p>`}
</section>`;
}

function changeGroup({ id, name, summary, members }: ChangeGroup, budget: Budget, isOpen: boolean): Html {
  const change = members[0]?.change;
  // A field of which neither is known says no more than the summary does.
  const fields = change?.fields.filter(({ before, after }) => (before ?? after) !== undefined) ?? [];
  const hosts = members.map(({ host }) => host);
  const shown =
    hosts.length > NAMED_HOSTS
      ? `${hosts.slice(0, NAMED_HOSTS).join(', ')} and ${hosts.length - NAMED_HOSTS} more`
      : hosts.join(', ');
  const spoken = members.filter(({ output }) => output.length > 0);
  return html`<details class="change" id="${id}"${isOpen && html` open`} data-item>
<summary><code>${name}</code> <span class="what">${summary}</span> <span class="hosts">${shown}</span></summary>
${fields.length > 0 && budget.take(fieldTable(fields))}
${change?.diff && budget.head(change.diff.trimEnd(), diffLines)}
${hosts.length > NAMED_HOSTS && html`<p class="quiet names">${hosts.join(', ')}</p>`}
${spoken.map(
  ({
    host,
    output,
    span,
  }) => html`<details><summary class="quiet">${host} said ${plural(output.length, 'line')}${span && ` in ${formatDuration(lengthOf(span))}`}</summary>${budget.tail(output.join('\n'))}</details>
`,
)}</details>
`;
}

const fieldTable = (fields: readonly FieldChange[]): Html =>
  html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">field</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>
${fields.map(
  ({ field, before, after }) => html`<tr><th scope="row">${field}</th><td>${cell(before)}</td><td>${cell(after)}</td></tr>
`,
)}</tbody></table></div>`;

const cell = (value: string | undefined): Html =>
  value === undefined ? html`<span class="quiet">not there</span>` : html`<code>${value}</code>`;

/** Added and removed lines keep their + and -: the colour only helps. */
const diffLines = (diff: string): Html => {
  const lines = diff.split('\n').map((line) => {
    const tag = /^(?:@@|---|\+\+\+) /.test(line)
      ? 'hunk'
      : line.startsWith('+')
        ? 'added'
        : line.startsWith('-')
          ? 'removed'
          : undefined;
    return tag ? html`<span class="${tag}">${line}</span>\n` : html`${line}\n`;
  });
  return html`${lines}`;
};
