import type { Catalogue } from './catalogue.ts';
import type { Credential } from './schema.ts';

/** What of a cluster decides which credentials it needs. */
export interface ClusterNeeds {
  readonly name: string;
  readonly domain: string;
  /** Of its release; releases are known oldest first. */
  readonly release: string;
  readonly releases: readonly string[];
  readonly roles: ReadonlySet<string>;
  readonly gitAuth: string | undefined;
  readonly services: 'all' | readonly string[];
}

/** Names of the credentials that a cluster needs, in the catalogue's order. Pure. */
export const neededBy = ({ credentials }: Catalogue, cluster: ClusterNeeds): string[] =>
  [...credentials].filter(([, credential]) => isNeeded(credential, cluster)).map(([name]) => name);

function isNeeded({ for: { role, gitAuth, service, since } }: Credential, cluster: ClusterNeeds): boolean {
  if (role !== undefined && !cluster.roles.has(role)) return false;
  if (gitAuth !== undefined && cluster.gitAuth !== gitAuth) return false;
  if (service !== undefined && cluster.services !== 'all' && !cluster.services.includes(service)) return false;
  return since === undefined || isAsNewAs(since, cluster);
}

/** A release of the operator's own counts as the newest. */
function isAsNewAs(since: string, { release, releases }: ClusterNeeds): boolean {
  const at = releases.indexOf(release);
  return at < 0 || at >= releases.indexOf(since);
}
