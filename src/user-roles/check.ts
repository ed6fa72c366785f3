import { z } from 'zod';
import type { Role } from '#src/role/role.ts';

const Shape = z.object({
  name: z.string(),
  namespace: z.string(),
  vars: z.instanceof(z.ZodType, { error: 'must be a zod schema' }),
  steps: z.custom<Role['steps']>((value) => typeof value === 'function', 'must be a function'),
  templates: z.array(z.string()).optional(),
});

/** What is wrong with what a role's module exports by default, in words for its author; empty: it is a role. */
export function roleProblems(exported: unknown, folder: string, taken: ReadonlySet<string>): string[] {
  if (exported === undefined) return ['has no default export: write "export default defineRole({ ... })"'];
  const shape = Shape.safeParse(exported);
  if (!shape.success) return shape.error.issues.map(({ path, message }) => `the role's "${path.join('.')}": ${message}`);
  const { name, namespace, vars } = shape.data;
  const problems = [];
  if (name !== folder) problems.push(`is called "${name}": a role is called as its folder, "${folder}"`);
  if (!/^[a-z][A-Za-z0-9]*$/.test(namespace))
    problems.push(`its namespace "${namespace}" must be a word in camelCase: it is a key in group_vars`);
  if (taken.has(namespace))
    problems.push(`its namespace "${namespace}" is taken: by a role or a key of cluster.yaml or hosts.yaml`);
  const defaults = vars.safeParse({});
  if (!defaults.success)
    problems.push(
      ...defaults.error.issues.map(({ path }) => `its variable "${path.join('.')}" needs a default (or .optional())`),
    );
  return problems;
}
