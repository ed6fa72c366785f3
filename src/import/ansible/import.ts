import type { ClusterDraft } from './draft.ts';
import { mapHosts } from './map-hosts.ts';
import { mapK3s } from './map-k3s.ts';
import { mapSystem } from './map-system.ts';
import { type AnsibleProject, Notes, variablesOf } from './project.ts';

/** Releases of picluster by name: the K3s that each has, and the variables of K3s that it sets. */
export type Releases = ReadonlyMap<string, { k3s: string | undefined; vars: Record<string, unknown> }>;

export interface Imported {
  readonly draft: ClusterDraft;
  /** What a person has to do before the first plan. */
  readonly todo: readonly string[];
  /** What was taken otherwise than it is written. */
  readonly told: readonly string[];
  /** Variables of which nothing was taken: `file:line: name`. */
  readonly unused: readonly string[];
}

/** An Ansible project as a cluster directory. Pure. `release`: what was asked for; else the one that has the project's K3s. */
export function importAnsible(
  project: AnsibleProject,
  options: { name: string; release: string | undefined; releases: Releases },
): Imported {
  const notes = new Notes();
  const release = options.release ?? releaseOf(project, options.releases, notes);
  const draft: ClusterDraft = {
    cluster: { name: options.name, release },
    hosts: {},
    groups: {},
    groupVars: {},
    hostVars: {},
    secrets: {},
  };
  mapHosts(project, draft, notes);
  mapSystem(project, draft, notes);
  mapK3s(project, draft, notes, options.releases.get(release)?.vars ?? {});
  if (project.gitops) draft.cluster.gitops = { ...project.gitops, auth: 'none' };
  else notes.told.push('no GitRepository of Flux was found: cluster.yaml has no gitops, and bootstrap will not hand over');
  return { draft, todo: notes.todo, told: notes.told, unused: unusedOf(project, notes.used) };
}

/** The release whose K3s the playbooks installed, or the newest: then the plan shows an upgrade, and it is said. */
function releaseOf(project: AnsibleProject, releases: Releases, notes: Notes): string {
  const wanted = [...project.inventory.hosts.keys()]
    .map((host) => variablesOf(project, host).k3s_version)
    .find((value) => typeof value === 'string');
  const plain = (version: string | undefined): string | undefined => version?.replace(/\+.*$/, '');
  const exact = [...releases].find(([, { k3s }]) => k3s === wanted);
  const near = [...releases].find(([, { k3s }]) => wanted !== undefined && plain(k3s) === plain(String(wanted)));
  const newest = [...releases.keys()].at(-1) ?? '';
  const [found = newest] = exact ?? near ?? [];
  if (!exact)
    notes.todo.push(
      wanted === undefined
        ? `release: the project pins no K3s; ${found} is a guess (picluster facts shows what runs)`
        : `release: the project's K3s is ${wanted}, ${found} has ${releases.get(found)?.k3s}: the plan will show that change`,
    );
  return found;
}

/** Top-level variables of all files that no mapping asked for. */
function unusedOf(project: AnsibleProject, used: ReadonlySet<string>): string[] {
  const files = [...project.groupVars.values(), ...project.hostVars.values(), project.playVars].flat();
  return files.flatMap(({ file, data, lineOf }) =>
    Object.keys(data)
      .filter((name) => !used.has(name))
      .map((name) => `${file}:${lineOf(name)}: ${name}`),
  );
}
