import type { AnsibleInventory } from './inventory.ts';
import { groupsOfHost, hostsOfGroup } from './inventory.ts';
import { resolve } from './jinja.ts';
import type { AnsibleFile } from './yaml.ts';

/** Files of an Ansible project as they were read. */
export interface AnsibleProject {
  readonly inventory: AnsibleInventory;
  readonly inventoryFile: AnsibleFile;
  /** By group. */
  readonly groupVars: ReadonlyMap<string, readonly AnsibleFile[]>;
  /** By host. */
  readonly hostVars: ReadonlyMap<string, readonly AnsibleFile[]>;
  /** vars/: what playbooks load for all of their hosts. */
  readonly playVars: readonly AnsibleFile[];
  /** What the GitOps folder says of Flux's source. */
  readonly gitops: { url: string; branch: string; path: string } | undefined;
  /** What cloud-init's files say, where there are any. */
  readonly cloudInit: { timezone?: string; locale?: string };
}

/** Remembers which variables were of use, and what is worth telling. */
export class Notes {
  readonly used = new Set<string>();
  readonly todo: string[] = [];
  readonly told: string[] = [];
}

type Vars = Record<string, unknown>;

/** The variables of a host as Ansible merges them (maps replace, they do not merge), references filled in. Source: Ansible, variable precedence. */
export function variablesOf(project: AnsibleProject, host: string): Vars {
  const { inventory, groupVars, hostVars, playVars } = project;
  const groups = groupsOfHost(inventory, host);
  const raw: Vars = Object.assign(
    {},
    ...groups.map((name) => inventory.groups.get(name)?.vars ?? {}),
    ...groups.flatMap((name) => (groupVars.get(name) ?? []).map(({ data }) => data)),
    inventory.hosts.get(host) ?? {},
    ...(hostVars.get(host) ?? []).map(({ data }) => data),
    ...playVars.map(({ data }) => data),
    { inventory_hostname: host },
  );
  return resolve(raw, raw) as Vars;
}

/** Variables that one scope itself gives: a group's or a host's files and inventory entry; references filled in with what (the first of) its hosts see. */
export function ownVariables(project: AnsibleProject, scope: { group: string } | { host: string }): Vars {
  const { inventory, groupVars, hostVars } = project;
  const parts =
    'group' in scope
      ? [inventory.groups.get(scope.group)?.vars ?? {}, ...(groupVars.get(scope.group) ?? []).map(({ data }) => data)]
      : [inventory.hosts.get(scope.host) ?? {}, ...(hostVars.get(scope.host) ?? []).map(({ data }) => data)];
  const host = 'host' in scope ? scope.host : (hostsOfGroup(inventory, scope.group)[0] ?? '');
  return resolve(Object.assign({}, ...parts), variablesOf(project, host)) as Vars;
}
