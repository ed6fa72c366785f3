import { type Draft, rolesOf } from './draft.ts';
import { type Findings, fileOrigin } from './findings.ts';
import { isMap, type Origin, originAt, type Tree, toData } from './layers.ts';
import { suggestion } from './suggest.ts';

const SERVER = 'k3s-server';
const AGENT = 'k3s-agent';

/** What must hold between the hosts of a Kubernetes cluster. `vars` are the merged variables by host. */
export function checkKubernetes(draft: Draft, vars: ReadonlyMap<string, Tree>, findings: Findings): void {
  const servers = draft.hostNames.filter((host) => rolesOf(host, draft).includes(SERVER));
  const agents = draft.hostNames.filter((host) => rolesOf(host, draft).includes(AGENT));
  const roles = originAt(draft.clusterTree, ['roles']);
  const hostKey = (host: string): Origin => fileOrigin(draft.files.hosts, 'hosts', host);
  for (const host of servers)
    if (agents.includes(host))
      findings.atKey(hostKey(host), `plays ${SERVER} and ${AGENT}: a server runs pods too, an agent's part is in it`);
  // A wrong role name explains missing servers already.
  if (servers.length === 0 && agents.length > 0)
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
    return origin && origin.kind !== 'default' ? origin : fileOrigin(draft.files.hosts, 'hosts', host);
  };
  if (k3s.flannelBackend === 'none' && draft.cluster && (draft.cluster.gitops?.before.length ?? 0) === 0)
    findings.at(
      at('flannelBackend'),
      'none leaves pods without a network: name the manifests of a CNI in gitops.before (cluster.yaml)',
    );
  if (typeof k3s.initServer === 'string' && !servers.includes(k3s.initServer)) {
    const name = k3s.initServer;
    const why = draft.hostNames.includes(name)
      ? `"${name}" does not play ${SERVER}`
      : `unknown host "${name}"${suggestion(name, servers)}`;
    findings.at(at('initServer'), why);
  }
  if (k3s.datastore === 'sqlite' && servers.length > 1)
    findings.at(at('datastore'), `sqlite is for a single server, there are ${servers.length}: use etcd`);
}
