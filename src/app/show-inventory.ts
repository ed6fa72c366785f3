import { stringify } from 'yaml';
import { describeCluster, describeHost, type HostView, viewCluster, viewHost } from '#src/cluster/describe.ts';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import { selectHosts } from '#src/cluster/select.ts';
import type { Role } from '#src/role/role.ts';
import { openCluster } from './open-cluster.ts';

export interface InventoryFlags {
  cluster?: string;
  set: string[];
  host?: string;
  all?: boolean;
  /** Open the vault, so that the names in it are known. */
  secrets?: boolean;
  output: 'text' | 'json' | 'yaml';
}

/** Shows the merged inventory; reads files only. Returns the exit code. */
export async function showInventory(flags: InventoryFlags): Promise<number> {
  const { cluster, roles, warnings } = await openCluster({
    set: flags.set,
    ...(flags.secrets && { secretsFor: 'names' as const }),
    ...(flags.cluster !== undefined && { cluster: flags.cluster }),
  });
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const text =
    flags.host === undefined
      ? format(viewCluster(cluster), flags, describeCluster)
      : hostsText(cluster, roles, flags, flags.host);
  process.stdout.write(`${text}\n`);
  return 0;
}

function hostsText(cluster: LoadedCluster, roles: readonly Role[], flags: InventoryFlags, pattern: string): string {
  const views = selectHosts(cluster.hosts, pattern).map((host) => {
    const played = roles.filter(({ name }) => flags.all || host.roles.includes(name)).map(({ namespace }) => namespace);
    return viewHost(cluster, host, played);
  });
  const [only] = views;
  if (views.length === 1 && only) return format(only, flags, describeHost);
  return format(views, flags, (all: readonly HostView[]) => all.map(describeHost).join('\n\n'));
}

function format<T>(view: T, { output }: InventoryFlags, describe: (view: T) => string): string {
  if (output === 'json') return JSON.stringify(view, null, 2);
  return output === 'yaml' ? stringify(view, { aliasDuplicateObjects: false }).trimEnd() : describe(view);
}
