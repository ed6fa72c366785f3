import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LockedError } from '#src/errors.ts';
import { LOCK, withVaultLock } from './lock.ts';
import { bootId } from './process-identity.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

const nothing = async (): Promise<string> => 'done';

it('holds while the work is done, and is gone after it, also when it fails', async () => {
  await withVaultLock(directory, 'vault edit', async () => {
    const second = withVaultLock(directory, 'vault set', nothing);
    await expect(second).rejects.toThrow(LockedError);
    await expect(second).rejects.toThrow(new RegExp(`picluster vault edit by .*, pid ${process.pid}, since 2`));
  });
  await expect(withVaultLock(directory, 'vault set', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(directory)).toEqual([]);
});

it.each([
  ['a dead process', async () => ({ pid: spawnSync('true').pid }), 'done'],
  ['the same number before a reboot', async () => ({ boot: 'another' }), 'done'],
  ['a younger process of the same number', async () => ({ began: '1' }), 'done'],
  ['a living process', async () => ({}), LockedError],
  ['another machine', async () => ({ machine: 'elsewhere', pid: spawnSync('true').pid }), LockedError],
])('the lock of %s', async (_name, change, outcome) => {
  const living = { pid: process.pid, machine: hostname(), boot: bootId(), began: '', says: 'x' };
  await symlink(JSON.stringify({ ...living, ...(await change()) }), join(directory, LOCK));
  const taken = withVaultLock(directory, 'vault set', nothing);
  if (outcome === 'done') expect(await taken).toBe('done');
  else await expect(taken).rejects.toThrow(outcome);
  expect(await readdir(directory)).toEqual(outcome === 'done' ? [] : [LOCK]);
});

it('what is no lock of ours is left alone', async () => {
  await symlink('x', join(directory, LOCK));
  await expect(withVaultLock(directory, 'vault set', nothing)).rejects.toThrow('another run changes the vault: x');
  expect(await readlink(join(directory, LOCK))).toBe('x');
});

it('of twenty that find a dead one at the same moment, one works at a time', async () => {
  const dead = { pid: spawnSync('true').pid, machine: hostname(), boot: bootId(), began: '', says: 'x' };
  await symlink(JSON.stringify(dead), join(directory, LOCK));
  let working = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    working += 1;
    most = Math.max(most, working);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
  };
  const ended = await Promise.allSettled(Array.from({ length: 20 }, () => withVaultLock(directory, 'vault set', work)));
  expect(most).toBe(1);
  expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
});
