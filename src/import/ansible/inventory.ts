type Vars = Readonly<Record<string, unknown>>;

export interface AnsibleGroup {
  readonly name: string;
  /** Named in the group itself. */
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly vars: Vars;
}

/** An Ansible inventory in YAML: every host and group once, whatever number of places name it. */
export interface AnsibleInventory {
  readonly hosts: ReadonlyMap<string, Vars>;
  readonly groups: ReadonlyMap<string, AnsibleGroup>;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Pure; what is not of the inventory's shape is left out. Source: Ansible's YAML inventory plugin (hosts, children, vars). */
export function readInventory(data: Vars): AnsibleInventory {
  const hosts = new Map<string, Record<string, unknown>>();
  const groups = new Map<string, { name: string; hosts: string[]; children: string[]; vars: Record<string, unknown> }>();
  const addHost = (pattern: string, vars: unknown): string[] => {
    const names = expandRange(pattern);
    for (const name of names) hosts.set(name, { ...hosts.get(name), ...(isMap(vars) ? vars : {}) });
    return names;
  };
  const addGroup = (name: string, entry: unknown): void => {
    const group = groups.get(name) ?? { name, hosts: [], children: [], vars: {} };
    groups.set(name, group);
    if (!isMap(entry)) return;
    for (const [pattern, vars] of Object.entries(mapOf(entry.hosts))) group.hosts.push(...addHost(pattern, vars));
    for (const [child, inner] of Object.entries(mapOf(entry.children))) {
      if (!group.children.includes(child)) group.children.push(child);
      addGroup(child, inner);
    }
    Object.assign(group.vars, mapOf(entry.vars));
    group.hosts = [...new Set(group.hosts)];
  };
  for (const [name, entry] of Object.entries(data)) addGroup(name, entry);
  return { hosts, groups };
}

const mapOf = (value: unknown): Record<string, unknown> => (isMap(value) ? value : {});

/** `node[1:3]` and `node[01:03]` are several hosts, as Ansible counts them. */
export function expandRange(pattern: string): string[] {
  const [, head = '', from = '', to = '', tail = ''] = /^(.*?)\[(\d+):(\d+)\](.*)$/.exec(pattern) ?? [];
  if (from === '') return [pattern];
  const width = from.startsWith('0') ? from.length : 0;
  return Array.from(
    { length: Number(to) - Number(from) + 1 },
    (_, index) => `${head}${String(Number(from) + index).padStart(width, '0')}`,
  ).flatMap((name) => expandRange(name + tail));
}

/** Hosts of a group, its children's included. */
export function hostsOfGroup(inventory: AnsibleInventory, name: string, seen: ReadonlySet<string> = new Set()): string[] {
  const group = inventory.groups.get(name);
  if (!group || seen.has(name)) return [];
  const below = new Set([...seen, name]);
  return [...new Set([...group.hosts, ...group.children.flatMap((child) => hostsOfGroup(inventory, child, below))])];
}

/** Groups of a host, parents before children, `all` first: the order in which their variables win. */
export function groupsOfHost(inventory: AnsibleInventory, host: string): string[] {
  const depth = (name: string, seen: readonly string[] = []): number => {
    const parents = [...inventory.groups.values()].filter(({ children }) => children.includes(name) && !seen.includes(name));
    return name === 'all' ? 0 : 1 + Math.max(0, ...parents.map((parent) => depth(parent.name, [...seen, name])));
  };
  return [...inventory.groups.keys()]
    .filter((name) => name === 'all' || hostsOfGroup(inventory, name).includes(host))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}
