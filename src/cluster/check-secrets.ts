import type { Mistake } from '#src/errors.ts';
import { SecretRef } from '#src/secrets/late.ts';
import { Secret } from '#src/secrets/secret.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import type { Path } from '#src/yaml/source.ts';
import { type Findings, showMistake } from './findings.ts';
import { isMap, type Origin, originAt, type Tree, toData } from './layers.ts';
import type { SecretLayers } from './secret-layers.ts';
import { suggestion } from './suggest.ts';

/** Secrets of the cluster as a whole: no two hosts may have another one. */
const CLUSTER_WIDE = /^(?:k3s\.(?:token|agentToken)|git\..+)$/;

export function checkSecretLayers({ groups, hosts, cluster }: SecretLayers, findings: Findings): void {
  for (const store of [...groups.values(), ...hosts.values()])
    for (const path of store.paths().filter((name) => CLUSTER_WIDE.test(name)))
      findings.add({
        ...(store.placeOf(path) ?? { file: store.name, line: 1, column: 1 }),
        path,
        message: `is the same for the whole cluster: it belongs into ${cluster.name}`,
      });
}

/** Collects uses of secrets by hosts, and tells each name that is unknown once. */
export class SecretUses {
  readonly #uses = new Map<string, { at: Mistake; name: string; known: Set<string>; hosts: string[]; missing: string[] }>();

  add(at: Omit<Mistake, 'message'>, name: string, host: string, store: SecretStore): void {
    const said = { ...at, message: `there is no secret "${name}"` };
    const use = this.#uses.get(showMistake(said)) ?? { at: said, name, known: new Set(), hosts: [], missing: [] };
    this.#uses.set(showMistake(said), use);
    use.hosts.push(host);
    if (store.get(name) !== undefined) return;
    use.missing.push(host);
    for (const path of store.paths()) use.known.add(path);
  }

  tell(where: string, findings: Findings): void {
    for (const { at, name, known, hosts, missing } of this.#uses.values()) {
      if (missing.length === 0) continue;
      const forWhom = missing.length < hosts.length ? ` for ${missing.join(', ')}` : '';
      findings.add({ ...at, message: `${at.message}${forWhom} in ${where}${suggestion(name, known)}` });
    }
  }
}

/** Secrets that merged variables refer to, with where they stand. */
export function refsIn(tree: Tree): { ref: SecretRef; origin: Origin }[] {
  return secretsIn(toData(tree)).flatMap(({ secret, path }) =>
    secret instanceof SecretRef ? [{ ref: secret, origin: originAt(tree, path) }] : [],
  );
}

/** Every secret in plain data. */
export function secretsIn(value: unknown, path: Path = []): { secret: Secret; path: Path }[] {
  if (value instanceof Secret) return [{ secret: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsIn(item, [...path, index]));
  return isMap(value) ? Object.entries(value).flatMap(([key, item]) => secretsIn(item, [...path, key])) : [];
}

/** The same data with the secrets of one host in place of the references to them. A name that is not there stays: it was told. */
export function resolveRefs<T>(value: T, store: SecretStore): T;
export function resolveRefs(value: unknown, store: SecretStore): unknown {
  if (value instanceof SecretRef) return store.get(value.label) ?? value;
  if (Array.isArray(value)) return value.map((item) => resolveRefs(item, store));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveRefs(item, store)]));
}
