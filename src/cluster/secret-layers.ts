import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mistake } from '#src/errors.ts';
import { mapBounded } from '#src/map-bounded.ts';
import type { SecretsRead } from '#src/secrets/file.ts';
import type { EncryptedText } from '#src/secrets/late.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { closedSecrets, type FoundSecrets, findSecrets, openSecrets } from '#src/secrets/read.ts';
import { layeredStore, type SecretStore } from '#src/secrets/store.ts';
import type { Membership } from './groups.ts';
import { groupsOf } from './host-layers.ts';

/** Secrets by what they belong to: the cluster, a group, a host. */
interface Layered<T> {
  readonly cluster: T;
  readonly groups: ReadonlyMap<string, T>;
  readonly hosts: ReadonlyMap<string, T>;
}

export type FoundLayers = Layered<FoundSecrets>;
export type SecretLayers = Layered<SecretStore> & { readonly mistakes: readonly Mistake[] };

/** gpg-agent answers one at a time anyway. */
const AT_ONCE = 4;
const FILE = /^(.+)\.secrets\.yaml(?:\.asc)?$/;

/** Whether a file of group_vars/ or host_vars/ holds secrets. */
export const isSecretsFile = (name: string): boolean => FILE.test(name);

/** All files of secrets of a cluster directory; nothing is decrypted. */
export async function findLayers(directory: string): Promise<FoundLayers> {
  const [cluster, groups, hosts] = await Promise.all([
    findSecrets(directory),
    findIn(directory, 'group_vars'),
    findIn(directory, 'host_vars'),
  ]);
  return { cluster, groups, hosts };
}

async function findIn(directory: string, folder: string): Promise<Map<string, FoundSecrets>> {
  const entries = await readdir(join(directory, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
  const names = new Set(entries.flatMap((entry) => (entry.startsWith('.') ? [] : (FILE.exec(entry)?.[1] ?? []))));
  const found = [...names]
    .sort()
    .map(async (name) => [name, await findSecrets(directory, `${folder}/${name}.secrets.yaml`)] as const);
  return new Map(await Promise.all(found));
}

const allOf = <T>({ cluster, groups, hosts }: Layered<T>): T[] => [cluster, ...groups.values(), ...hosts.values()];

/** Something is encrypted. */
export const hasVault = (found: FoundLayers): boolean => allOf(found).some(({ armor }) => armor !== undefined);

/** Without a key. */
export const closedLayers = (found: FoundLayers): SecretLayers => layersWith(found, closedSecrets);

/**
 * Decrypts every file and every single value, each once; the first one alone, so that a person is asked once. Throws ConfigError and
 * PermissionError when one cannot be decrypted; everything else is a mistake.
 */
export async function openLayers(found: FoundLayers, encrypted: readonly EncryptedText[], unlock: Unlock): Promise<SecretLayers> {
  const read = new Map<FoundSecrets, SecretsRead>();
  const [first, ...others] = [...allOf(found).filter(({ armor }) => armor !== undefined), ...encrypted].map(
    (one) => async () => ('open' in one ? one.open(unlock) : void read.set(one, await openSecrets(one, unlock))),
  );
  await first?.();
  await mapBounded(others, AT_ONCE, (job) => job());
  return layersWith(found, (one) => read.get(one) ?? closedSecrets(one));
}

function layersWith(found: FoundLayers, read: (one: FoundSecrets) => SecretsRead): SecretLayers {
  const mistakes: Mistake[] = [];
  const store = (one: FoundSecrets): SecretStore => {
    const result = read(one);
    mistakes.push(...result.mistakes);
    return result.store;
  };
  const stores = (all: ReadonlyMap<string, FoundSecrets>) => new Map([...all].map(([name, one]) => [name, store(one)]));
  return { cluster: store(found.cluster), groups: stores(found.groups), hosts: stores(found.hosts), mistakes };
}

/** What a host may use: the cluster's, those of its groups (parents first), its own; the last one counts. */
export function secretsOfHost(host: string, membership: Membership, { cluster, groups, hosts }: SecretLayers): SecretStore {
  const own = [...groupsOf(host, membership).map((group) => groups.get(group)), hosts.get(host)].filter(
    (store) => store !== undefined,
  );
  return own.length === 0 ? cluster : layeredStore([cluster, ...own]);
}

/** Every secret of every layer, for redaction. */
export const everySecret = (layers: SecretLayers) => allOf<SecretStore>(layers).flatMap((store) => store.all());
