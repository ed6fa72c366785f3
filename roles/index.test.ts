import { expect, it } from 'vitest';
import { toJSONSchema } from 'zod';
import { roleSchemas, roles } from './index.ts';

it('every role has a name of its own', () => {
  expect(roles.map(({ name }) => name)).toEqual(['os', 'time', 'users', 'k3s-server', 'k3s-agent']);
});

it.each(Object.entries(roleSchemas()))(
  '%s: every variable has a default, unknown ones are refused, editors get a schema',
  (_, schema) => {
    expect(schema.parse({})).toEqual(schema.parse(schema.parse({})));
    expect(schema.safeParse({ nosuchvariable: 1 }).success).toBe(false);
    const { properties } = toJSONSchema(schema, { io: 'input' });
    for (const [name, property] of Object.entries(properties ?? {})) expect(property, name).toHaveProperty('description');
  },
);
