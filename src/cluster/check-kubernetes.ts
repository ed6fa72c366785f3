import { type Draft, groupNames, rolesOf } from './draft.ts';
import { type Findings, fileOrigin } from './findings.ts';
import { isMap, type Origin, originAt, showOrigin, type Tree, toData } from './layers.ts';
import { suggestion } from './suggest.ts';

const SERVER = 'k3s-server';
const AGENT = 'k3s-agent';

/** What must hold between the hosts of a Kubernetes cluster. `vars` are the merged variables by host. */
export function checkKubernetes(
  draft: Draft,
  vars: ReadonlyMap<string, Tree>,
  roleNames: readonly string[],
  findings: Findings,
): void {
  const groups = groupNames(draft);
  const areNamesKnown = [...draft.roles].every(
    ([group, roles]) => groups.includes(group) && roles.every((role) => roleNames.includes(role)),
  );
  const servers = draft.hostNames.filter((host) => rolesOf(host, draft).includes(SERVER));
  const agents = draft.hostNames.filter((host) => rolesOf(host, draft).includes(AGENT));
  const roles = originAt(draft.clusterTree, ['roles']);
  const hostKey = (host: string): Origin => fileOrigin(draft.files.hosts, 'hosts', host);
  for (const host of servers)
    if (agents.includes(host))
      findings.atKey(hostKey(host), `plays ${SERVER} and ${AGENT}: a server runs pods too, an agent's part is in it`);
  // A wrong name explains missing servers already.
  if (servers.length === 0 && agents.length > 0 && areNamesKnown)
    findings.atKey(roles, `there are agents but no server: give ${SERVER} to a group that has hosts`);
  if (servers.length > 0 && servers.length % 2 === 0)
    findings.warn(
      roles,
      `${servers.length} servers survive no more failures than ${servers.length - 1}: etcd needs an odd number`,
      true,
    );
  for (const server of servers) checkServer(server, servers, draft, vars.get(server), findings);
}

function checkServer(host: string, servers: readonly string[], draft: Draft, tree: Tree | undefined, findings: Findings): void {
  const data = tree && toData(tree);
  const k3s = isMap(data) && isMap(data.k3s) ? data.k3s : {};
  const at = (key: string): Origin => {
    const origin = tree && originAt(tree, ['k3s', key]);
    if (!origin || origin.kind === 'default') return fileOrigin(draft.files.hosts, 'hosts', host);
    // What a release brings is not the user's to change: the choice of the release is.
    return origin.kind === 'file' && origin.label ? originAt(draft.clusterTree, ['release']) : origin;
  };
  if (
    k3s.flannelBackend === 'none' &&
    k3s.externalCni !== true &&
    draft.cluster &&
    (draft.cluster.gitops?.before.length ?? 0) === 0
  ) {
    const where = tree ? showOrigin(originAt(tree, ['k3s', 'flannelBackend'])) : 'default';
    findings.at(
      originAt(draft.clusterTree, ['gitops', 'before']),
      `k3s.flannelBackend is none (${where}), which leaves pods without a network: name the manifests of a CNI in gitops.before, or set k3s.externalCni`,
    );
  }
  if (typeof k3s.initServer === 'string' && !servers.includes(k3s.initServer)) {
    const name = k3s.initServer;
    const why = draft.hostNames.includes(name)
      ? `"${name}" does not play ${SERVER}`
      : `unknown host "${name}"${suggestion(name, servers)}`;
    findings.at(at('initServer'), why);
  }
  if (k3s.datastore === 'sqlite' && servers.length > 1)
    findings.at(at('datastore'), `k3s.datastore is sqlite, which is for a single server; there are ${servers.length}: use etcd`);
}
