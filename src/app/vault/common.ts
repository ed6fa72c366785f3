import { findClusterDirectory } from '#src/cluster/find.ts';
import { VaultFile } from '#src/secrets/vault-file.ts';
import { type UnlockFlags, unlockOf } from '../unlock.ts';

export interface VaultFlags extends UnlockFlags {
  cluster?: string;
}

export async function openVault(flags: VaultFlags) {
  const directory = await findClusterDirectory(flags.cluster, process.cwd(), process.env);
  const unlock = unlockOf(process.env, flags);
  return { directory, unlock, vault: new VaultFile(directory, unlock) };
}

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
