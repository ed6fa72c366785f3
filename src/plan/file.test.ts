import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlanDocument } from './document.ts';
import { readPlan, writePlan } from './file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-plan-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const plan: PlanDocument = {
  version: 1,
  madeAt: '2026-11-21T12:00:00.000Z',
  picluster: '0.1.0',
  cluster: 'home',
  release: 'v1.9',
  selection: { limit: 'n1', roles: ['os'], steps: [], tags: [] },
  set: [],
  inventory: { digest: '0'.repeat(64), files: {} },
  secrets: { names: [], digest: '0'.repeat(64) },
  hosts: { n1: { reached: false, facts: {} } },
  steps: [],
};
const at = (name: string): string => join(directory, name);

it('writes what it reads, for the owner only, and leaves nothing beside it', async () => {
  writeFileSync(at('plan.json'), 'an older one', { mode: 0o644 });
  await writePlan(at('plan.json'), plan);
  expect(await readPlan(at('plan.json'))).toEqual(plan);
  expect(statSync(at('plan.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['plan.json']);
});

it('says where it could not be written', async () => {
  await expect(writePlan(at('none/plan.json'), plan)).rejects.toThrow(/could not be written to .*none\/plan\.json/);
});

it.each([
  ['no file', undefined, /there is no such file/],
  ['no JSON', '{', /it is not JSON/],
  ['a later version', '{"version": 2}', /version 2, and this picluster reads version 1/],
  ['something else', '{"hosts": {}}', /it is not a plan, or was edited:[\s\S]*madeAt/],
])('refuses %s', async (_, text, message) => {
  if (text !== undefined) writeFileSync(at('plan.json'), text);
  await expect(readPlan(at('plan.json'))).rejects.toThrow(message);
});
