import { globToRegExp } from '#src/cluster/groups.ts';
import { type HookSetting, UPGRADE } from '#src/cluster/hooks.ts';
import type { StepRef, Upgrade } from '#src/role/step.ts';

/** Where a hook stands: around a command, a role on a host, or a step. */
export type HookPoint =
  | { readonly type: 'command'; readonly command: string }
  | { readonly type: 'role'; readonly role: string }
  | { readonly type: 'upgrade' }
  | { readonly type: 'step'; readonly role: RegExp; readonly step: RegExp };

export interface Hook {
  readonly when: 'before' | 'after';
  readonly point: HookPoint;
  /** For people: `before k3s-server`. */
  readonly title: string;
  readonly run: string;
  readonly on: 'control' | 'host';
  /** Names of the hosts it is for; undefined: all. */
  readonly hosts: ReadonlySet<string> | undefined;
  readonly timeoutMs: number;
  readonly failure: 'stop' | 'warn';
}

/** What a hook reads on its standard input, as one JSON object. Holds no secret. Version 1 grows only. */
export interface HookInput {
  v: 1;
  hook: string;
  run: string;
  command: string;
  cluster: string;
  release: string;
  host?: string;
  role?: string;
  step?: StepRef;
  /** After a step or an upgrade: how it ended. */
  status?: string;
  /** Around the upgrade of a node. */
  upgrade?: Upgrade;
  /** Before a step: what is about to change. */
  change?: { action: string; fields: readonly { field: string; before?: string | undefined; after?: string | undefined }[] };
  /** After a command. */
  result?: { exitCode: number; changed: number; failed: number; notReached: number };
}

/** A hook as cluster.yaml has it. `hostsOf` resolves its host pattern; `isCommand`: names that are commands and not roles. */
export function hookFrom(
  setting: HookSetting,
  { hostsOf, isCommand }: { hostsOf(pattern: string): readonly string[]; isCommand(name: string): boolean },
): Hook {
  const when = setting.before === undefined ? 'after' : 'before';
  const where = setting[when] ?? '';
  const { run, on, failure, timeout } = setting;
  const hosts = setting.hosts === undefined ? undefined : new Set(hostsOf(setting.hosts));
  return {
    when,
    point: pointOf(where, isCommand),
    title: `${when} ${where}`,
    run,
    on,
    hosts,
    failure,
    timeoutMs: timeout * 1000,
  };
}

function pointOf(where: string, isCommand: (name: string) => boolean): HookPoint {
  const slash = where.indexOf('/');
  if (slash >= 0) return { type: 'step', role: globToRegExp(where.slice(0, slash)), step: globToRegExp(where.slice(slash + 1)) };
  if (where === UPGRADE) return { type: 'upgrade' };
  return isCommand(where) ? { type: 'command', command: where } : { type: 'role', role: where };
}

/** Whether the hook stands around this step itself. */
export const isAtStep = ({ point, hosts }: Hook, step: { role: string; name: string; host: string }): boolean =>
  point.type === 'step' && point.role.test(step.role) && point.step.test(step.name) && (hosts?.has(step.host) ?? true);

/** Whether the hook stands around this role on this host. */
export const isAtRole = ({ point, hosts }: Hook, role: string, host: string): boolean =>
  point.type === 'role' && point.role === role && (hosts?.has(host) ?? true);

export const isAtCommand = ({ point }: Hook, command: string): boolean => point.type === 'command' && point.command === command;

/** Whether the hook stands around what this step begins: another version of what runs on its host. */
export const isAtUpgrade = ({ point, hosts }: Hook, step: { host: string; upgrade: Upgrade | undefined }): boolean =>
  point.type === 'upgrade' && step.upgrade !== undefined && (hosts?.has(step.host) ?? true);
