import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { VaultFile } from '#src/secrets/vault-file.ts';
import { type UnlockFlags, unlockOf } from '../unlock.ts';
import { withVaultLock } from './lock.ts';
import { wipeStale } from './private-directory.ts';

export interface VaultFlags extends UnlockFlags {
  cluster?: string;
}

export async function openVault(flags: VaultFlags) {
  wipeStale();
  const directory = await findClusterDirectory(flags.cluster, process.cwd(), process.env);
  const unlock = unlockOf(process.env, flags);
  return { directory, unlock, vault: new VaultFile(directory, unlock) };
}

export type OpenedVault = Awaited<ReturnType<typeof openVault>>;

/** The same for what changes it: one at a time. `command`: `vault set`; `outlivesSignals`: it ends by itself when it is told to. Throws LockedError. */
export async function changeVault(
  flags: VaultFlags,
  command: string,
  work: (opened: OpenedVault) => Promise<void>,
  options: { outlivesSignals?: boolean } = {},
): Promise<void> {
  const opened = await openVault(flags);
  await withVaultLock(opened.directory, command, () => work(opened), options);
}

/** A file as it is named on the command line, seen from here or else from the cluster directory -> its name there; a link stays one. */
function nameInCluster(directory: string, asked: string): string {
  const path = [resolve(asked), join(directory, asked)].find((candidate) => existsSync(candidate));
  return relative(directory, path === undefined ? join(directory, asked) : realpathSync(path));
}

/** The vault, or another encrypted file. */
export const fileOf = ({ directory, unlock, vault }: OpenedVault, asked: string | undefined): VaultFile =>
  asked === undefined ? vault : new VaultFile(directory, unlock, nameInCluster(directory, asked));

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
