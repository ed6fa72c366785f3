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

/** The same for what changes it: one at a time. `command`: `vault set`. Throws LockedError. */
export async function changeVault(
  flags: VaultFlags,
  command: string,
  work: (opened: OpenedVault) => Promise<void>,
): Promise<void> {
  const opened = await openVault(flags);
  await withVaultLock(opened.directory, command, () => work(opened));
}

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
