import { type Command, Option } from 'commander';

export interface ClusterFlags {
  cluster?: string;
  set: string[];
}

export interface SelectionFlags extends ClusterFlags {
  limit?: string;
  askBecomePass?: boolean;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** For commands that read no variables. */
export const withClusterFlag = (command: Command): Command =>
  command.option('-C, --cluster <dir>', 'cluster directory (default: $PICLUSTER_CLUSTER, else upwards from here)');

export const withClusterFlags = (command: Command): Command =>
  withClusterFlag(command).option(
    '--set <path=value>',
    'override one variable, e.g. k3s.flannelBackend=host-gw; may be given several times',
    collect,
    [],
  );

export const withSelectionFlags = (command: Command): Command =>
  withClusterFlags(command).option(
    '-l, --limit <pattern>',
    'only these hosts: names, groups, globs, !not, &and; comma-separated',
  );

/** For commands that become root on hosts. */
export const withBecomeFlag = (command: Command): Command =>
  command.option('-K, --ask-become-pass', 'ask for the password of sudo, once for all hosts, when one of them wants it');

export const withOutputFlag = (command: Command, says = 'text, or json: one event a line'): Command =>
  command.addOption(new Option('--output <format>', says).choices(['text', 'json']).default('text'));
export interface StepFlags {
  role: string[];
  step: string[];
  tags: string[];
  showSkipped?: boolean;
}

const words = (value: string, before: string[]): string[] => [
  ...before,
  ...value
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean),
];

const list = (flags: string, says: string, parser: typeof words): Option =>
  new Option(flags, says).argParser(parser).default([], 'all');

export const withStepFlags = (command: Command): Command =>
  command
    .addOption(list('--role <names>', 'only steps of these roles; comma-separated', words))
    .addOption(
      list(
        '--step <name>',
        'only this step: NAME, ROLE/NAME or ROLE/NAME@HOST, where * and ? stand for more; may be given several times',
        collect,
      ),
    )
    .addOption(list('--tags <names>', 'only steps with one of these tags; comma-separated', words))
    .option('--show-skipped', 'name all steps that were not chosen and would change')
    .addHelpText(
      'after',
      '\n--limit, --role, --step and --tags narrow each other. What the chosen steps wait for is checked, never run: when it is not done, nothing is changed (exit 78).',
    );

/** For commands that show a run as text. */
export interface TextFlags {
  diff: boolean;
  verbose?: boolean;
}

export const withTextFlags = (command: Command): Command =>
  command
    .option('--no-diff', 'do not show the differences of files')
    .option('-v, --verbose', 'a line for everything: what machines say while steps run, what hosts wait for');
