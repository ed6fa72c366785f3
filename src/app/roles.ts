import { roles as builtIn } from '#roles/index.ts';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { tableLines } from '#src/render/table.ts';
import { writeNewRole } from '#src/user-roles/new.ts';
import { knownRoles, takenNames } from './known-roles.ts';
import { openCluster } from './open-cluster.ts';

/** Prints the roles of a cluster: name, key of its variables, whose it is, who plays it, which templates may be overridden. */
export async function listRoles(flags: { cluster?: string; set: string[] }): Promise<void> {
  const { cluster, roles } = await openCluster(flags);
  const rows = roles.map(({ name, namespace, templates = [] }) => [
    name,
    namespace,
    builtIn.some((role) => role.name === name) ? 'picluster' : `roles/${name}`,
    cluster
      .hostsWithRole(name)
      .map((host) => host.name)
      .join(',') || '-',
    templates.map((template) => `${name}/${template}`).join(', ') || '-',
  ]);
  process.stdout.write(`${tableLines([['ROLE', 'VARIABLES', 'FROM', 'HOSTS', 'TEMPLATES'], ...rows]).join('\n')}\n`);
}

/** Writes a new role into the cluster directory and says what to do with it. */
export async function newRole(name: string, asked: string | undefined): Promise<void> {
  const directory = await findClusterDirectory(asked, process.cwd(), process.env);
  const { schemas } = await knownRoles(directory);
  const files = await writeNewRole(directory, name, new Set([...takenNames(), ...Object.keys(schemas)]));
  process.stdout.write(`wrote ${files.join(', ')}\n`);
  process.stdout.write(`next: give it to a group in cluster.yaml (roles: {all: [..., ${name}]}), then: picluster plan\n`);
}
