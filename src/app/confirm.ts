import { createInterface } from 'node:readline/promises';
import { isDestructive, type PlanSummary } from './footer.ts';

export interface Question {
  readonly text: string;
  /** Only this whole word counts as yes. */
  readonly answer: string;
}

/** What a person is asked before a plan is done: where something is lost, the name of the cluster must be typed. Pure. */
export function questionFor({ changes }: Pick<PlanSummary, 'changes'>, cluster: string): Question {
  const lossy = changes.filter(isDestructive).length;
  if (lossy === 0) return { text: `Do these ${changes.length} changes? Type yes: `, answer: 'yes' };
  return {
    text: `${lossy} of these ${changes.length} changes ${lossy === 1 ? 'is' : 'are'} DESTRUCTIVE. To do them all, type the name of the cluster (${cluster}): `,
    answer: cluster,
  };
}

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Asks on the terminal. */
export async function confirm(
  { text, answer }: Question,
  terminal: Terminal = { input: process.stdin, output: process.stdout },
): Promise<boolean> {
  const lines = createInterface({ ...terminal });
  try {
    return (await lines.question(text)).trim() === answer;
  } finally {
    lines.close();
  }
}
