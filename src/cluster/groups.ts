import { suggestion } from './suggest.ts';

/** A group as it is written: patterns of hosts, names of child groups. */
export interface GroupEntry {
  readonly hosts: readonly string[];
  readonly children: readonly string[];
}

export type GroupEntries = ReadonlyMap<string, GroupEntry>;

/** The group that every host is in. */
export const ALL = 'all';

export interface GroupProblem {
  group: string;
  /** Which entry of which list is wrong. */
  list: 'hosts' | 'children';
  index: number;
  message: string;
}

export interface Membership {
  /** Hosts of each group, children's included. */
  readonly hosts: ReadonlyMap<string, ReadonlySet<string>>;
  /** All groups, parents before children, then by name; `all` is first. */
  readonly order: readonly string[];
  readonly problems: readonly GroupProblem[];
}

/** Who belongs where. Unknown names and cycles are problems, not exceptions, and are left out. */
export function resolveGroups(entries: GroupEntries, hostNames: readonly string[]): Membership {
  const problems: GroupProblem[] = [];
  const own = new Map<string, Set<string>>();
  for (const [group, entry] of entries) {
    const members = new Set<string>();
    for (const [index, pattern] of entry.hosts.entries()) {
      const found = matchHosts(pattern, hostNames);
      if (found.length === 0) problems.push({ group, list: 'hosts', index, message: unknownHost(pattern, hostNames) });
      for (const name of found) members.add(name);
    }
    own.set(group, members);
  }
  for (const [group, entry] of entries) {
    for (const [index, child] of entry.children.entries()) {
      if (child === ALL || !entries.has(child))
        problems.push({
          group,
          list: 'children',
          index,
          message: `unknown group "${child}"${suggestion(child, without(entries, group))}`,
        });
      else if (reaches(entries, child, group))
        problems.push({ group, list: 'children', index, message: `the group "${child}" contains "${group}": a cycle` });
    }
  }
  const sound = (group: string): string[] =>
    (entries.get(group)?.children ?? []).filter((child) => entries.has(child) && !reaches(entries, child, group));
  const hosts = new Map([[ALL, new Set(hostNames)]]);
  for (const group of entries.keys()) {
    if (group !== ALL) hosts.set(group, new Set(hostNames.filter((name) => collect(group, own, sound).has(name))));
  }
  return { hosts, order: byDepth([...entries.keys()], sound), problems };
}

const without = (entries: GroupEntries, group: string): string[] => [...entries.keys()].filter((name) => name !== group);

const unknownHost = (pattern: string, names: readonly string[]): string =>
  /[*?[\]]/.test(pattern) ? `no host matches "${pattern}"` : `unknown host "${pattern}"${suggestion(pattern, names)}`;

function reaches(entries: GroupEntries, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (entries.get(from)?.children ?? []).some((child) => reaches(entries, child, to, seen));
}

function collect(group: string, own: ReadonlyMap<string, Set<string>>, children: (group: string) => string[]): Set<string> {
  return children(group).reduce(
    (members, child) => members.union(collect(child, own, children)),
    own.get(group) ?? new Set<string>(),
  );
}

/** Longest way down from a group without parents; parents' variables are weaker than their children's. */
function byDepth(groups: readonly string[], children: (group: string) => string[]): string[] {
  const depth = new Map<string, number>();
  const sink = (group: string, level: number): void => {
    if ((depth.get(group) ?? -1) >= level) return;
    depth.set(group, level);
    for (const child of children(group)) sink(child, level + 1);
  };
  for (const group of groups) sink(group, 1);
  depth.set(ALL, 0);
  return [...depth.keys()].sort((a, b) => depth.get(a)! - depth.get(b)! || (a < b ? -1 : 1));
}

/** Hosts that a name, a glob (`node*`) or a range (`node[1:3]`) stands for, in inventory order. */
export function matchHosts(pattern: string, names: readonly string[]): string[] {
  const wanted = expandRanges(pattern).map(globToRegExp);
  return names.filter((name) => wanted.some((regexp) => regexp.test(name)));
}

/** `*` is any text, `?` one character. */
export const globToRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

const RANGE = /^(.*?)\[(\d+):(\d+)\](.*)$/;

/** `node[01:03]` is node01, node02, node03: as many digits as the first number has. At most 1000 of them. */
function expandRanges(pattern: string): string[] {
  const [, head, first, last, tail] = RANGE.exec(pattern) ?? [];
  if (head === undefined || first === undefined || last === undefined || tail === undefined) return [pattern];
  const count = Math.min(Number(last) - Number(first) + 1, 1000);
  return Array.from({ length: Math.max(count, 0) }, (_, index) =>
    String(Number(first) + index).padStart(first.length, '0'),
  ).flatMap((number) => expandRanges(`${head}${number}${tail}`));
}
