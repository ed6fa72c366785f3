import type { ReportedStatus, RunState, StepReport } from '../run-report.ts';
import { type Html, html } from './html.ts';

/** A status is told by a sign, a word and a pattern; colour only helps. */
const STATUS: Readonly<Record<ReportedStatus, { sign: string; word: string }>> = {
  changed: { sign: '●', word: 'changed' },
  unchanged: { sign: '=', word: 'as it should be' },
  failed: { sign: '✖', word: 'failed' },
  'not-reached': { sign: '○', word: 'not reached' },
  skipped: { sign: '–', word: 'skipped' },
  planned: { sign: '◇', word: 'planned' },
  unfinished: { sign: '◐', word: 'begun, not ended' },
};

const STATE: Readonly<Record<RunState, { sign: string; word: string }>> = {
  done: { sign: '✔', word: 'done' },
  failed: { sign: '✖', word: 'failed' },
  interrupted: { sign: '◐', word: 'interrupted' },
  unfinished: { sign: '◐', word: 'unfinished' },
};

export const statusWord = (status: ReportedStatus): string => STATUS[status].word;
export const stateWord = (state: RunState): string => STATE[state].word;

export const statusBadge = (status: ReportedStatus): Html =>
  html`<span class="status ${status}"><span aria-hidden="true">${STATUS[status].sign}</span> ${STATUS[status].word}</span>`;

/** For lists in which nearly all have changed something: the word only where it is another one. */
export const stepSign = (status: ReportedStatus): Html =>
  status === 'changed'
    ? html`<span class="status changed" role="img" aria-label="changed">${STATUS.changed.sign}</span>`
    : statusBadge(status);

export const stateBadge = (state: RunState): Html =>
  html`<span class="state ${state}"><span aria-hidden="true">${STATE[state].sign}</span> ${STATE[state].word}</span>`;

/** `● 12 ✖ 1`: what became of the steps of a host, in little room. */
export function tally(steps: readonly StepReport[]): Html[] {
  const shown: readonly ReportedStatus[] = ['failed', 'unfinished', 'changed', 'planned', 'not-reached'];
  return shown.flatMap((status) => {
    const count = steps.filter((step) => step.status === status).length;
    const { sign, word } = STATUS[status];
    return count > 0
      ? [
          html`<span class="status ${status}" title="${count} ${word}">${sign} ${count}<span class="unseen"> ${word}</span></span> `,
        ]
      : [];
  });
}
