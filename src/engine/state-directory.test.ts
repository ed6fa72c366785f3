import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateDirectories, stateDirectory } from './state-directory.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'picluster-state-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('finds the state of a cluster directory under every name that its cluster has had, and no other', async () => {
  const env = { XDG_STATE_HOME: base };
  const before = await stateDirectory({ name: 'old', directory: '/home/me/cluster' }, env);
  const now = await stateDirectory({ name: 'new', directory: '/home/me/cluster' }, env);
  await stateDirectory({ name: 'new', directory: '/home/me/other' }, env);
  expect((await stateDirectories('/home/me/cluster', env)).sort()).toEqual([now, before].sort());
  expect(await stateDirectories('/nowhere', env)).toEqual([]);
  expect(await stateDirectories('/nowhere', { XDG_STATE_HOME: join(base, 'missing') })).toEqual([]);
});
