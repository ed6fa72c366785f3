import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Host } from '#src/cluster/cluster.ts';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { loadCluster } from '#src/cluster/load.ts';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import type { VaultUse } from '#src/cluster/secret-need.ts';
import { selectHosts } from '#src/cluster/select.ts';
import { fetchArtifact } from '#src/release/fetch.ts';
import { lockArtifacts } from '#src/release/lock.ts';
import type { ArtifactSource } from '#src/resource/kind.ts';
import type { Role } from '#src/role/role.ts';
import { sshSettings } from '#src/transport/ssh-config.ts';
import { readSshConfig } from '#src/transport/ssh-config-file.ts';
import { TypedPassword } from './asked-password.ts';
import { knownRoles } from './known-roles.ts';
import { unlockOf } from './unlock.ts';

export interface OpenOptions {
  cluster?: string;
  set: readonly string[];
  limit?: string;
  /** --ask-become-pass */
  askBecomePass?: boolean;
  /** What encrypted secrets are opened for; without it they stay closed. */
  secretsFor?: VaultUse['purpose'];
  /** As --limit, for a kept plan: which hosts its secrets are for. */
  secretsLimit?: string | undefined;
  /** Git's credentials are handed over, too. */
  handsOverGit?: boolean;
}

/** The artifacts of a cluster's release, as this machine gets them. */
export interface Artifacts {
  /** Learns missing checksums; each that is trusted for the first time is said aloud. */
  prepare(signal: AbortSignal, say: (text: string) => void): Promise<void>;
  /** Path of the checked file in the cache. */
  fetch(source: ArtifactSource, signal: AbortSignal): Promise<string>;
  /** Text of a small artifact. */
  read(source: ArtifactSource, signal: AbortSignal): Promise<string>;
}

export interface OpenedCluster {
  cluster: LoadedCluster;
  roles: readonly Role[];
  /** The hosts that --limit asks for; all without it. */
  chosen: readonly Host[];
  artifacts: Artifacts;
  /** Oddities of the inventory that are no mistakes. */
  warnings: string[];
}

/** Reads and validates the cluster directory and picks hosts. Throws UsageError and ConfigError before anything is touched. */
export async function openCluster(options: OpenOptions): Promise<OpenedCluster> {
  const directory = await findClusterDirectory(options.cluster, process.cwd(), process.env);
  const [sshConfig, known] = await Promise.all([readSshConfig(), knownRoles(directory)]);
  const cluster = await loadCluster({
    ...known,
    directory,
    set: options.set,
    cwd: process.cwd(),
    env: process.env,
    vault: vaultUse(options),
    asked: { password: new TypedPassword(), isForAll: options.askBecomePass ?? false },
    // Roles ask who logs in (never lock that one out), so it must be known before the first connection.
    defaultUser: (address) => sshSettings(sshConfig, address, homedir()).user,
  });
  const warnings = cluster.warnings.map(
    ({ file, line, path, message }) => `${file}:${line}: ${path ? `${path}: ` : ''}${message}`,
  );
  return {
    cluster,
    roles: known.roles,
    chosen: selectHosts(cluster.hosts, options.limit),
    artifacts: artifactsOf(cluster),
    warnings,
  };
}

function vaultUse({ secretsFor: purpose, handsOverGit = false, secretsLimit, limit }: OpenOptions): VaultUse | undefined {
  return purpose && { purpose, limit: secretsLimit ?? limit, handsOverGit, unlock: unlockOf(process.env) };
}

function artifactsOf(cluster: LoadedCluster): Artifacts {
  const fetch = (source: ArtifactSource, signal: AbortSignal): Promise<string> =>
    fetchArtifact(source, { cacheDir: cluster.cacheDir, signal });
  return {
    prepare: (signal, log) => lockArtifacts(cluster, { signal, log }),
    fetch,
    read: async (source, signal) => readFile(await fetch(source, signal), 'utf8'),
  };
}
