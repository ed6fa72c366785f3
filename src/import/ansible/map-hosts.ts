import type { ClusterDraft } from './draft.ts';
import { hostsOfGroup } from './inventory.ts';
import { Unresolved } from './jinja.ts';
import { type AnsibleProject, type Notes, ownVariables, variablesOf } from './project.ts';
import { Encrypted } from './yaml.ts';

type Vars = Record<string, unknown>;

/** Groups that Ansible makes by itself. */
const IMPLIED = ['all', 'ungrouped'];

/** Hosts and groups: how each is reached. Hosts that are this machine, and names that K3s knows otherwise, are told. */
export function mapHosts(project: AnsibleProject, draft: ClusterDraft, notes: Notes): void {
  for (const host of project.inventory.hosts.keys()) {
    const vars = variablesOf(project, host);
    if (vars.ansible_connection === 'local') {
      notes.told.push(`${host} is the machine that Ansible runs on (ansible_connection: local); picluster needs no entry for it`);
      continue;
    }
    draft.hosts[host] = reachOf(host, project, notes);
  }
  const known = (names: readonly string[]): string[] => names.filter((name) => draft.hosts[name]);
  for (const { name, hosts, children } of project.inventory.groups.values()) {
    if (IMPLIED.includes(name)) continue;
    if (known(hostsOfGroup(project.inventory, name)).length === 0) continue;
    const ssh = sshOf(ownVariables(project, { group: name }));
    const own = known(hosts);
    draft.groups[name] = {
      ...(own.length > 0 && { hosts: own }),
      ...(children.length > 0 && { children: [...children] }),
      ...(Object.keys(ssh).length > 0 && { ssh }),
    };
  }
  const common = sshOf(ownVariables(project, { group: 'all' }));
  if (Object.keys(common).length > 0) draft.cluster.ssh = { ...common, become: common.become ?? 'sudo' };
  for (const name of [
    'ansible_user',
    'ansible_host',
    'ansible_port',
    'ansible_connection',
    'ansible_ssh_private_key_file',
    'ip',
    'hostname',
  ])
    notes.used.add(name);
}

function reachOf(host: string, project: AnsibleProject, notes: Notes): Vars {
  const own = ownVariables(project, { host });
  const misspelt = text(own['ansible-host']);
  const address = text(own.ansible_host) ?? text(own.ip) ?? misspelt ?? host;
  if (misspelt !== undefined) {
    notes.used.add('ansible-host');
    notes.told.push(`${host}: ansible-host has no meaning to Ansible (it is ansible_host); taken as the address: ${address}`);
  }
  const hostname = text(own.hostname);
  if (hostname !== undefined && hostname !== host)
    notes.todo.push(`${host} calls itself ${hostname}, and K3s knows its Node by that name: call it ${hostname} in hosts.yaml`);
  return { address, ...sshOf(own) };
}

const text = (value: unknown): string | undefined =>
  value === undefined || value instanceof Unresolved || value instanceof Encrypted ? undefined : String(value);

/** `ansible_*` variables as picluster calls them. */
function sshOf(vars: Vars): Vars {
  const method = text(vars.ansible_become_method);
  const key = text(vars.ansible_ssh_private_key_file);
  const values = {
    user: text(vars.ansible_user) ?? text(vars.ansible_ssh_user),
    port: vars.ansible_port === undefined ? undefined : Number(vars.ansible_port),
    identityFile: key,
    become: vars.ansible_become === false ? 'none' : method === 'sudo' || method === 'doas' ? method : undefined,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
