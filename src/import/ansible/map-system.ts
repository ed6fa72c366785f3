import { type ClusterDraft, putVars } from './draft.ts';
import { hostsOfGroup } from './inventory.ts';
import { AGENTS, SERVERS } from './map-k3s.ts';
import { type AnsibleProject, type Notes, ownVariables, variablesOf } from './project.ts';

type Vars = Record<string, unknown>;

/** The group of all machines that the playbooks prepare, and the router beside them. */
const MACHINES = 'picluster';
const GATEWAY = 'gateway';

/** Roles of groups, and what the playbooks set on every machine: time, names, nothing that they left alone. */
export function mapSystem(project: AnsibleProject, draft: ClusterDraft, notes: Notes): void {
  const roles: Record<string, string[]> = {};
  if (draft.groups[MACHINES]) roles[MACHINES] = ['os', 'time'];
  if (draft.hosts[GATEWAY] && !hostsOfGroup(project.inventory, MACHINES).includes(GATEWAY)) {
    draft.groups.gateways = { hosts: [GATEWAY] };
    roles.gateways = ['os', 'time'];
    putVars(draft.groupVars, 'gateways', 'os', { kubernetes: false, swapOff: false });
    notes.todo.push(`${GATEWAY}: DNS, DHCP, firewall and PXE stay with the playbooks; picluster keeps its system and its clock`);
  }
  if (draft.groups[SERVERS]) roles[SERVERS] = ['k3s-server'];
  if (draft.groups[AGENTS]) roles[AGENTS] = ['k3s-agent'];
  draft.cluster.roles = roles;
  const nodes = new Set([SERVERS, AGENTS].flatMap((group) => hostsOfGroup(project.inventory, group)));
  for (const host of hostsOfGroup(project.inventory, MACHINES))
    if (!nodes.has(host) && nodes.size > 0) putVars(draft.hostVars, host, 'os', { kubernetes: false, swapOff: false });
  mapOs(project, draft, notes);
  mapTime(project, draft, notes);
}

/** The playbooks left /etc/hosts and packages alone, and cloud-init set zone and locale before them. */
function mapOs(project: AnsibleProject, draft: ClusterDraft, notes: Notes): void {
  const { timezone, locale } = project.cloudInit;
  putVars(draft.groupVars, 'all', 'os', { hostsEntries: false, packages: [], timezone, locale });
  if (timezone === undefined) notes.todo.push('os.timezone: no cloud-init file says it, and the default is Etc/UTC');
  if (draft.groups.raspberrypi) putVars(draft.groupVars, 'raspberrypi', 'os', { raspberryPi: { gpuMemory: 16 } });
  const domain = [...project.inventory.hosts.keys()]
    .map((host) => variablesOf(project, host).dns_domain)
    .find((value) => typeof value === 'string');
  if (domain !== undefined) draft.cluster.network = { domain, ...(draft.cluster.network as Vars) };
  notes.used.add('dns_domain');
}

function mapTime(project: AnsibleProject, draft: ClusterDraft, notes: Notes): void {
  for (const name of ['ntp_servers', 'ntp_allow_hosts']) notes.used.add(name);
  const { groups, hosts } = project.inventory;
  for (const group of groups.keys()) put(draft.groupVars, group, ownVariables(project, { group }));
  for (const host of hosts.keys()) if (draft.hosts[host]) put(draft.hostVars, host, ownVariables(project, { host }));
  function put(into: ClusterDraft['groupVars'], scope: string, own: Vars): void {
    const sources = listOf(own.ntp_servers).flatMap((entry) => (isMap(entry) ? [entry] : [{ server: entry }]));
    const named = (type: string): string[] =>
      sources.filter((entry) => (entry.type ?? 'pool') === type).map(({ server }) => String(server));
    putVars(into, scope, 'time', {
      servers: own.ntp_servers === undefined ? undefined : named('server'),
      pools: own.ntp_servers === undefined || named('pool').length === 0 ? undefined : named('pool'),
      allow: own.ntp_allow_hosts === undefined ? undefined : listOf(own.ntp_allow_hosts).map(String),
    });
  }
}

const isMap = (value: unknown): value is Vars => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat());
