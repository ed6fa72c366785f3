import { type Command, Option } from 'commander';

export interface ClusterFlags {
  cluster?: string;
  set: string[];
}

export interface SelectionFlags extends ClusterFlags {
  limit?: string;
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

export const withOutputFlag = (command: Command, says = 'text, or json: one event a line'): Command =>
  command.addOption(new Option('--output <format>', says).choices(['text', 'json']).default('text'));
