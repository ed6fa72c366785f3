import type { FoundSecrets } from '#src/secrets/read.ts';
import { type Draft, groupNames, rolesOf } from './draft.ts';
import { type Findings, fileOrigin } from './findings.ts';
import { ALL } from './groups.ts';
import { originAt } from './layers.ts';
import { suggestion } from './suggest.ts';

/** Names that one file uses and another defines: groups, hosts, roles, releases. */
export function checkNames(draft: Draft, roleNames: readonly string[], findings: Findings): void {
  checkRoles(draft, roleNames, findings);
  checkRelease(draft, findings);
  // Without hosts.yaml every name would be unknown: its own mistake says enough.
  if (draft.files.hosts.data === undefined) return;
  checkGroups(draft, findings);
  checkVarFiles(draft, findings);
  checkSecretFiles(draft, groupNames(draft), findings);
  checkHosts(draft, findings);
}

function checkRoles(draft: Draft, roleNames: readonly string[], findings: Findings): void {
  const groups = groupNames(draft);
  for (const [group, roles] of draft.roles) {
    if (draft.files.hosts.data !== undefined && !groups.includes(group))
      findings.atKey(originAt(draft.clusterTree, ['roles', group]), `unknown group "${group}"${suggestion(group, groups)}`);
    for (const [index, role] of roles.entries())
      if (role !== '' && !roleNames.includes(role))
        findings.at(originAt(draft.clusterTree, ['roles', group, index]), `unknown role "${role}"${suggestion(role, roleNames)}`);
  }
}

function checkRelease(draft: Draft, findings: Findings): void {
  const { release } = draft;
  if (release === undefined || draft.releases.size === 0 || draft.releases.has(release)) return;
  const known = [...draft.releases.keys()];
  findings.at(originAt(draft.clusterTree, ['release']), `unknown release "${release}"${suggestion(release, known)}`);
}

function checkGroups(draft: Draft, findings: Findings): void {
  const { hosts } = draft.files;
  for (const { group, list, index, message } of draft.membership.problems)
    findings.at(fileOrigin(hosts, 'groups', group, list, index), message);
  const all = draft.groups.get(ALL);
  if (all && (all.hosts.length > 0 || all.children.length > 0))
    findings.atKey(fileOrigin(hosts, 'groups', ALL), 'every host is in this group already: give it ssh and vars only');
  for (const group of draft.groups.keys())
    if (draft.hostNames.includes(group))
      findings.warn(fileOrigin(hosts, 'groups', group), `a host is called "${group}" too: --limit ${group} means both`, true);
}

function checkVarFiles(draft: Draft, findings: Findings): void {
  const groups = groupNames(draft);
  for (const [group, source] of draft.files.groupVars)
    if (!groups.includes(group)) findings.at(fileOrigin(source), `there is no group "${group}"${suggestion(group, groups)}`);
  for (const [host, source] of draft.files.hostVars)
    if (!draft.hostNames.includes(host))
      findings.at(fileOrigin(source), `there is no host "${host}"${suggestion(host, draft.hostNames)}`);
}

/** Files of secrets for groups and hosts that are not there. */
function checkSecretFiles({ files, hostNames }: Draft, groups: readonly string[], findings: Findings): void {
  const check = (kind: string, found: ReadonlyMap<string, FoundSecrets>, known: readonly string[]): void => {
    for (const [name, { vaultFile, armor, plain }] of found)
      if (!known.includes(name))
        findings.add({
          file: armor === undefined ? plain.store.name : vaultFile,
          line: 1,
          column: 1,
          path: '',
          message: `there is no ${kind} "${name}"${suggestion(name, known)}`,
        });
  };
  check('group', files.found.groups, groups);
  check('host', files.found.hosts, hostNames);
}

function checkHosts(draft: Draft, findings: Findings): void {
  const { hosts } = draft.files;
  if (draft.hostNames.length === 0) findings.at(fileOrigin(hosts, 'hosts'), 'there are no hosts');
  for (const host of draft.hostNames)
    if (rolesOf(host, draft).length === 0)
      findings.warn(fileOrigin(hosts, 'hosts', host), 'plays no role: cluster.yaml gives none to its groups', true);
}
