import { type Command, InvalidArgumentError } from 'commander';
import { withClusterFlag, withOutputFlag } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withClusterFlag(command), 'text, or json: one run a line')
    .option('-n, --last <count>', 'no more than so many', count, 20)
    .addHelpText('after', '\nA run that is unfinished is under way, or was killed.')
    .action(async (flags: { cluster?: string; output: 'text' | 'json'; last: number }) => {
      const { showRuns } = await import('#src/app/show-runs.ts');
      await showRuns(flags);
    });
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('must be a whole number above 0');
  return number;
}
