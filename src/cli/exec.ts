import { type Command, InvalidArgumentError } from 'commander';
import { type SelectionFlags, withBecomeFlag, withOutputFlag, withSelectionFlags } from './common.ts';

export function define(command: Command): void {
  withOutputFlag(withBecomeFlag(withSelectionFlags(command)))
    .usage('[options] -- <command...>')
    .argument('<command...>', 'what to run, word by word; one single word is a shell program: exec -- "uptime; df -h /"')
    .option('--timeout <seconds>', 'end it on a host after so long', positive, 60)
    .option('--no-become', 'run it as the login user, not as root')
    .action(async (words: string[], flags: SelectionFlags & { output: 'text' | 'json'; timeout: number; become: boolean }) => {
      const { executeOnHosts } = await import('#src/app/exec.ts');
      process.exitCode = await executeOnHosts(words, flags);
    });
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('must be a number above 0');
  return number;
}
