import { ZodError } from 'zod';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Role } from '#src/role/role.ts';
import type { TemplateOverrides } from '#src/template/template.ts';
import type { RoleSteps } from './graph.ts';
import type { Requirements } from './preflight.ts';

/** What the host's roles ask of it, in their order. Throws PiclusterError naming role and host when a role does. */
export function roleSteps(roles: readonly Role[], cluster: Cluster, host: Host, facts: Facts): RoleSteps[] {
  const own = secretsFor(cluster, host);
  return rolesOf(roles, host).map((role) => {
    try {
      return {
        host: host.name,
        role: role.name,
        list: role.steps({
          host,
          facts,
          vars: role.vars.parse(host.vars[role.namespace] ?? {}),
          cluster: own,
          templates: templatesFor(own, role),
        }),
      };
    } catch (error) {
      if (error instanceof PiclusterError) throw error;
      throw new PiclusterError(`role ${role.name} failed for ${host.name}: ${reasonOf(error)}`, {
        host: host.name,
        cause: error,
      });
    }
  });
}

/** A spec that does not fit is told in the words of its schema. */
function reasonOf(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** The cluster with the secrets that this host may use. */
const secretsFor = (cluster: Cluster, { name }: Host): Cluster => ({
  ...cluster,
  secret: (path) => cluster.secret(path, name),
  hasSecret: (path) => cluster.hasSecret(path, name),
});

function templatesFor(cluster: Cluster, { name }: Role): TemplateOverrides {
  const overrides = cluster.templates(name);
  return { get: (template) => overrides.get(template), secret: (path) => cluster.secret(path) };
}

/** What must hold on the host before the first change, joined over its roles. */
export function requirementsOf(roles: readonly Role[], host: Host): Requirements {
  const wanted = rolesOf(roles, host).map(({ preflight, vars, namespace }) => ({
    ports: preflight?.ports?.(vars.parse(host.vars[namespace] ?? {})) ?? [],
    diskBytes: preflight?.diskBytes ?? 0,
    memoryCgroup: preflight?.memoryCgroup ?? false,
  }));
  return {
    ports: wanted.flatMap(({ ports }) => ports),
    diskBytes: Math.max(0, ...wanted.map(({ diskBytes }) => diskBytes)),
    memoryCgroup: wanted.some(({ memoryCgroup }) => memoryCgroup),
  };
}

function rolesOf(roles: readonly Role[], host: Host): Role[] {
  return host.roles.map((name) => {
    const role = roles.find((candidate) => candidate.name === name);
    if (!role) throw new PiclusterError(`there is no role ${name}`, { host: host.name });
    return role;
  });
}
