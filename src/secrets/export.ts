import { stringify } from 'yaml';
import { ConfigError } from '#src/errors.ts';
import { quote } from '#src/shell/script.ts';

export const EXPORT_FORMATS = ['yaml', 'json', 'env', 'kv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Where a KV store is to have a secret, and what stands beside it that is none. */
export interface KvPlace {
  readonly path: string;
  readonly key: string;
  readonly constants: Readonly<Record<string, string>>;
}

/** Secrets by dotted path -> text that other tools read. `places`: of a KV store, for those that have one. Throws ConfigError when two of them would get one name. Pure. */
export function exported(
  secrets: ReadonlyMap<string, string>,
  format: ExportFormat,
  places: ReadonlyMap<string, KvPlace> = new Map(),
): string {
  switch (format) {
    case 'yaml':
      return stringify(nested(secrets), { lineWidth: 0 });
    case 'json':
      return `${JSON.stringify(nested(secrets), null, 2)}\n`;
    case 'env':
      return asEnvironment(secrets);
    case 'kv':
      return `${JSON.stringify(asKv(secrets, places), null, 2)}\n`;
  }
}

interface Tree {
  [key: string]: string | Tree;
}

function nested(secrets: ReadonlyMap<string, string>): Tree {
  const root: Tree = Object.create(null);
  for (const [path, value] of secrets) {
    const keys = path.split('.');
    let at = root;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= Object.create(null);
      const next = at[key];
      if (typeof next === 'string') throw new ConfigError(`${path} cannot be told from what is below ${key}: rename one of them`);
      at = next as Tree;
    }
    at[keys.at(-1) ?? ''] = value;
  }
  return root;
}

/** `k3s.token` -> `K3S_TOKEN='...'`, quoted for a POSIX shell. */
function asEnvironment(secrets: ReadonlyMap<string, string>): string {
  const lines = new Map<string, { path: string; line: string }>();
  for (const [path, value] of secrets) {
    const name = path
      .toUpperCase()
      .replaceAll(/\W/g, '_')
      .replace(/^(?=\d)/, '_');
    const other = lines.get(name);
    if (other) throw new ConfigError(`${other.path} and ${path} would both be ${name}: rename one of them`);
    lines.set(name, { path, line: `${name}=${quote(value)}\n` });
  }
  return [...lines.values()].map(({ line }) => line).join('');
}

/** As a KV store has them: path -> key -> value. Without a place of its own `git.ssh.key` is the key `key` at `git/ssh`; `token`, which has no path, is the key `value` at `token`. */
function asKv(
  secrets: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, KvPlace>,
): Record<string, Record<string, string>> {
  const entries: Record<string, Record<string, string>> = Object.create(null);
  for (const [secret, value] of secrets) {
    const { path, key, constants } = places.get(secret) ?? placeByPath(secret);
    const entry: Record<string, string> = entries[path] ?? Object.create(null);
    entries[path] = Object.assign(entry, constants);
    if (key in entry) throw new ConfigError(`${secret} and another secret would both be ${key} at ${path}: rename one of them`);
    entry[key] = value;
  }
  return entries;
}

function placeByPath(secret: string): KvPlace {
  const keys = secret.split('.');
  if (keys.length === 1) return { path: secret, key: 'value', constants: {} };
  return { path: keys.slice(0, -1).join('/'), key: keys.at(-1) ?? '', constants: {} };
}
