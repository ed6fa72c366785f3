import { expect, it } from 'vitest';
import { z } from 'zod';
import * as kinds from './index.ts';
import type { Kind } from './kind.ts';
import { kindsReference } from './reference.ts';

const all = Object.fromEntries(Object.entries(kinds).map(([name, { kind }]) => [name, kind as unknown as Kind<never, never>]));

it('docs/kinds.md is what the schemas say (mend it with: vitest run --project unit src/resource/reference.test.ts -u)', async () => {
  await expect(kindsReference(all)).toMatchFileSnapshot('../../docs/kinds.md');
});

it.each(Object.entries(all))('%s: every field is described, and what absent does exactly when it can be asked for', (_, kind) => {
  const { properties = {} } = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' });
  const silent = Object.entries(properties).filter(([, one]) => typeof one !== 'object' || !one.description);
  expect(silent.map(([field]) => field)).toEqual([]);
  expect(kind.summary).toMatch(/\.$/);
  expect(kind.absent !== undefined).toBe('state' in properties);
});
