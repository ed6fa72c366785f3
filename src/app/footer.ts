import type { RunResult } from '#src/engine/run-result.ts';
import type { Change } from '#src/resource/kind.ts';

/** What a plan comes to, however it is kept. */
export interface PlanSummary {
  readonly changes: readonly { readonly host: string; readonly change: Change }[];
  /** Of all steps, those to be changed included. */
  readonly steps: number;
  /** Hosts that could not be asked. */
  readonly lost: readonly string[];
  /** Hooks that will run, a line each. */
  readonly hooks?: readonly string[];
}

export const isConditional = ({ change }: { change: Change }): boolean => change.knownAfter !== undefined;
export const isDestructive = ({ change }: { change: Change }): boolean => change.destructive !== undefined;

/** The last lines of a plan. */
export function planFooter({ changes, steps, lost, hooks = [] }: PlanSummary): string {
  const conditional = changes.filter(isConditional).length;
  const destructive = changes.filter(isDestructive).length;
  const hosts = hostsText([...new Set(changes.map(({ host }) => host))]);
  const lines = [
    changes.length === 0
      ? `0 changes (${steps} steps are as they should be)`
      : `${changes.length} changes on ${hosts}; ${steps - changes.length} steps are as they should be`,
    ...(conditional > 0
      ? [
          `${conditional} of them are known only after an earlier step, and may be right by then; the other ${changes.length - conditional} are certain`,
        ]
      : []),
    ...(destructive > 0 ? [`${destructive} of them ${destructive === 1 ? 'is' : 'are'} DESTRUCTIVE`] : []),
    ...hooks,
    ...(lost.length > 0 ? [`not seen: ${lost.join(', ')}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const NAMED_HOSTS = 8;

const hostsText = (names: readonly string[]): string => (names.length > NAMED_HOSTS ? `${names.length} hosts` : names.join(', '));

/** What came of it. What was right by the time it was reached (an earlier step did it, or it did itself) is said too: the plan counted it. */
export function resultFooter(planned: number, { changed, failed, notReached }: RunResult): string {
  const settled = Math.max(0, planned - changed - failed - notReached);
  const parts = [
    `${changed} changed`,
    ...(settled > 0 ? [`${settled} right by the time they were reached`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(notReached > 0 ? [`${notReached} not reached`] : []),
  ];
  return `${parts.join(', ')}\n`;
}
