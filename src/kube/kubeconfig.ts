import { type Document, isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { ConfigError } from '#src/errors.ts';

export interface KubeconfigTarget {
  /** Name of the cluster, of its user and of its context. */
  name: string;
  /** Where clients find the API from here. */
  server: { host: string; port: number };
}

/** The three named lists of a kubeconfig. Source: client-go's clientcmd api/v1 Config. */
const SECTIONS = ['clusters', 'users', 'contexts'] as const;

/** K3s's own kubeconfig (`default`, 127.0.0.1) as it should be for people: the cluster's name and address. Throws ConfigError when it is none. */
export function rewriteKubeconfig(k3sYaml: string, { name, server }: KubeconfigTarget): string {
  const source = parseDocument(k3sYaml).toJS() as KubeconfigShape | null;
  const cluster = source?.clusters?.[0]?.cluster;
  const user = source?.users?.[0]?.user;
  if (!cluster || !user) throw new ConfigError('the kubeconfig from the server has no cluster or no user');
  const document = parseDocument('apiVersion: v1\nkind: Config\n');
  document.set('clusters', [{ name, cluster: { ...cluster, server: `https://${bracketed(server.host)}:${server.port}` } }]);
  document.set('users', [{ name, user }]);
  document.set('contexts', [{ name, context: { cluster: name, user: name } }]);
  document.set('current-context', name);
  return String(document);
}

interface KubeconfigShape {
  clusters?: { cluster?: Record<string, unknown> }[];
  users?: { user?: Record<string, unknown> }[];
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export interface MergeOptions {
  /** Makes ours the current context also when there is another. */
  setCurrent: boolean;
}

/**
 * `existing` with the entries of `own` in place of those of the same names; everything else, comments included, stays.
 * The current context is set when there is none, or when `setCurrent`. Returns the same string when nothing differs.
 */
export function mergeKubeconfig(existing: string, own: string, { setCurrent }: MergeOptions): string {
  const document = parseDocument(existing);
  const [error] = document.errors;
  if (error) throw new ConfigError(`the existing kubeconfig is not valid YAML: ${error.message}`, [], { cause: error });
  if (document.contents === null) return own;
  if (!isMap(document.contents)) throw new ConfigError('the existing kubeconfig is not a YAML map');
  const ours = parseDocument(own).toJS() as Record<string, unknown>;
  const changed = SECTIONS.filter((section) => mergeSection(document, section, ours[section] as NamedEntry[]));
  const wantsContext = setCurrent || !document.get('current-context');
  const isNewContext = wantsContext && document.get('current-context') !== ours['current-context'];
  if (isNewContext) document.set('current-context', ours['current-context']);
  return changed.length > 0 || isNewContext ? document.toString({ lineWidth: 0 }) : existing;
}

interface NamedEntry {
  name: string;
}

/** True when something was changed. */
function mergeSection(document: Document, section: string, entries: readonly NamedEntry[]): boolean {
  const list = document.get(section);
  if (!isSeq(list)) {
    document.set(section, document.createNode(entries));
    return true;
  }
  list.flow = false;
  return entries.map((entry) => mergeEntry(document, list, entry)).some(Boolean);
}

function mergeEntry(document: Document, list: YAMLSeq, entry: NamedEntry): boolean {
  const index = list.items.findIndex((item) => isMap(item) && item.get('name') === entry.name);
  const current = list.items[index];
  if (isMap(current) && JSON.stringify(current.toJS(document)) === JSON.stringify(entry)) return false;
  if (index >= 0) list.set(index, document.createNode(entry));
  else list.add(document.createNode(entry));
  return true;
}
