import { type ZodType, z } from 'zod';
import { roles as builtIn } from '#roles/index.ts';
import { CLUSTER_KEYS, HOST_KEYS } from '#src/cluster/schema.ts';
import type { Mistake } from '#src/errors.ts';
import type { Role } from '#src/role/role.ts';
import { namespaceOf } from '#src/user-roles/namespace.ts';

/** The roles that a cluster may play: picluster's, then its own. */
export interface KnownRoles {
  roles: readonly Role[];
  /** Schemas of their variables, by namespace. */
  schemas: Record<string, ZodType>;
  roleNames: readonly string[];
  templates: Record<string, readonly string[]>;
  rolesWithSecrets: readonly string[];
  /** What is wrong with the cluster's own. */
  mistakes: readonly Mistake[];
}

/** Loads the roles of a cluster directory; without one: picluster's. Never throws for what is wrong with a role. */
export async function knownRoles(directory: string | undefined): Promise<KnownRoles> {
  const taken = [
    ...builtIn.flatMap(({ name, namespace }) => [name, namespace]),
    ...Object.keys({ ...CLUSTER_KEYS, ...HOST_KEYS }),
  ];
  const own = await ownRoles(directory, new Set(taken));
  const roles = [...builtIn, ...own.roles];
  // Of a role that could not be loaded only its own mistake is told, not that its name and its variables are unknown.
  const broken = own.broken.map((name): [string, ZodType] => [namespaceOf(name), z.unknown()]);
  return {
    roles,
    schemas: Object.fromEntries([...broken, ...roles.map(({ namespace, vars }): [string, ZodType] => [namespace, vars])]),
    roleNames: [...roles.map(({ name }) => name), ...own.broken],
    templates: Object.fromEntries(roles.map(({ name, templates = [] }) => [name, templates])),
    rolesWithSecrets: roles.filter(({ usesSecrets }) => usesSecrets).map(({ name }) => name),
    mistakes: own.mistakes,
  };
}

/** Names and namespaces that no role of a cluster's own may have. */
export const takenNames = (): Set<string> =>
  new Set([...builtIn.flatMap(({ name, namespace }) => [name, namespace]), ...Object.keys({ ...CLUSTER_KEYS, ...HOST_KEYS })]);

async function ownRoles(directory: string | undefined, taken: ReadonlySet<string>) {
  if (directory === undefined) return { roles: [], mistakes: [], broken: [] };
  const { loadUserRoles } = await import('#src/user-roles/load.ts');
  return loadUserRoles(directory, taken);
}
