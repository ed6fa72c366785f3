import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError, type Mistake } from '#src/errors.ts';
import { ArtifactBook } from '#src/release/artifact-book.ts';
import { defaultCacheDir } from '#src/release/fetch.ts';
import { readLock } from '#src/release/lock-file.ts';
import { buildCluster } from './build.ts';
import type { RoleTemplates } from './check-templates.ts';
import { findClusterDirectory } from './find.ts';
import type { LoadedCluster } from './loaded.ts';
import { type ClusterFiles, readClusterFiles } from './read.ts';
import { hasVault, openLayers } from './secret-layers.ts';
import { needsSecrets, rolesMentioningSecrets, type VaultUse } from './secret-need.ts';
import { setLayer } from './set-option.ts';
import type { AskedBecome } from './target.ts';
import { type Namespaces, type Validated, validate } from './validate.ts';

export interface LoadOptions {
  /** `-C`; else `$PICLUSTER_CLUSTER`, else upwards from `cwd`. */
  directory?: string | undefined;
  /** `--set path=value`, as given. */
  set?: readonly string[] | undefined;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Schemas of roles' variables by namespace. */
  schemas: Namespaces;
  roleNames: readonly string[];
  /** Templates of the roles, by role. */
  templates?: RoleTemplates | undefined;
  /** What was wrong with the cluster's own roles: told together with the rest. */
  mistakes?: readonly Mistake[] | undefined;
  /** Roles of picluster that use secrets; of the cluster's own, the files are looked at. */
  rolesWithSecrets?: readonly string[] | undefined;
  /** Encrypted secrets are opened with this, if they are needed; without it they stay sealed. */
  vault?: VaultUse | undefined;
  /** Who types become passwords. Nothing is asked while loading. */
  asked?: AskedBecome | undefined;
  /** Who logs in at an address when the inventory does not say: what the operator's ssh_config names. Default: the operator. */
  defaultUser?: ((address: string) => string | undefined) | undefined;
}

/**
 * Reads, validates and merges a cluster directory. Touches no machine and no network.
 * Throws UsageError when there is none, ConfigError with every mistake of all its files.
 */
export async function loadCluster(options: LoadOptions): Promise<LoadedCluster> {
  const directory = await findClusterDirectory(options.directory, options.cwd, options.env);
  const set = (options.set ?? []).map(setLayer);
  const read = await readClusterFiles(directory);
  const files = { ...read, mistakes: [...(options.mistakes ?? []), ...read.mistakes] };
  const check = (all: ClusterFiles): Validated => validate(all, set, options.schemas, options.roleNames, options.templates);
  const validated = await withSecrets(files, check, options);
  const { cluster, releases } = validated.draft;
  const release = cluster && releases.get(cluster.release);
  const { mistakes } = validated.findings;
  if (mistakes.length > 0 || !cluster || !release) throw refusal(directory, mistakes);
  const mirrors = [cluster.artifacts.mirror ?? []].flat();
  const book = new ArtifactBook(release, mirrors, await readLock(directory));
  const cacheDir = cluster.artifacts.cache;
  return buildCluster(validated, cluster, {
    directory,
    book,
    cacheDir: cacheDir === undefined ? defaultCacheDir(options.env) : resolve(directory, cacheDir),
    asked: options.asked,
    defaultUser: (address) => options.defaultUser?.(address) ?? (options.env.USER || userInfo().username),
    digest: createHash('sha256')
      .update(JSON.stringify([files.digest, options.set ?? []]))
      .digest('hex'),
  });
}

/** Checked once more with what the vault holds, when it has to be opened: all mistakes are told at once. */
async function withSecrets(files: ClusterFiles, check: (files: ClusterFiles) => Validated, options: LoadOptions) {
  const closed = check(files);
  const { vault, roleNames, rolesWithSecrets = [] } = options;
  if (!vault || (!hasVault(files.found) && files.encrypted.length === 0)) return closed;
  const roles = new Set([...rolesWithSecrets, ...rolesMentioningSecrets(roleNames, files)]);
  if (!needsSecrets(closed, roles, vault)) return closed;
  return check({ ...files, secrets: await openLayers(files.found, files.encrypted, vault.unlock) });
}

function refusal(directory: string, mistakes: ConfigError['mistakes']): ConfigError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new ConfigError(`${count} in the cluster directory ${directory}; nothing was touched`, mistakes);
}
