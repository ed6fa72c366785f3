import type { LocalPort } from '#src/transport/connection.ts';
import type { ApplyOptions, KubeClient, KubeObject, ListOptions, LogOptions, ObjectRef } from './client.ts';
import { credentialsOf } from './credentials.ts';
import { type ApiResource, Discovery, resourcePath } from './discovery.ts';
import { KubeError } from './errors.ts';
import { ApiHttp } from './http.ts';
import { describeRef, refOf } from './objects.ts';

/** Our name in `managedFields`. */
export const FIELD_MANAGER = 'picluster';
const PAGE_SIZE = '250';
const LOG_TAIL_LINES = 20;

export interface ConnectOptions {
  /** Text of the admin kubeconfig; its server address is not used. */
  kubeconfig: string;
  /** Where an SSH tunnel to the API's port begins. */
  port: Pick<LocalPort, 'port'>;
}

/** A client for the API behind the tunnel; nothing is sent yet. Throws ConfigError when the kubeconfig is unusable. */
export function connectKube({ kubeconfig, port }: ConnectOptions): KubeClient {
  return new TunnelClient(new ApiHttp(port.port, credentialsOf(kubeconfig)));
}

class TunnelClient implements KubeClient {
  readonly #http: ApiHttp;
  readonly #discovery: Discovery;

  constructor(http: ApiHttp) {
    this.#http = http;
    this.#discovery = new Discovery(http);
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const path = await this.#find(ref, signal);
    if (path === undefined) return undefined;
    const body = await absentIfNotFound(this.#http.send({ method: 'GET', path, what: `get ${describeRef(ref)}`, signal }));
    return body === undefined ? undefined : (JSON.parse(body) as KubeObject);
  }

  async list(apiVersion: string, kind: string, options: ListOptions = {}): Promise<KubeObject[]> {
    const { namespace, labelSelector, fieldSelector, signal } = options;
    const resource = await this.#discovery.find(apiVersion, kind, signal);
    if (!resource) return [];
    const path = resourcePath(resource, namespace);
    const items: KubeObject[] = [];
    let next: string | undefined;
    do {
      const query = { limit: PAGE_SIZE, labelSelector, fieldSelector, continue: next };
      const body = await this.#http.send({ method: 'GET', path, query, what: `list ${kind}`, signal });
      const page = JSON.parse(body) as { items: Omit<KubeObject, 'apiVersion' | 'kind'>[]; metadata: { continue?: string } };
      // The API leaves apiVersion and kind out of the items of built-in lists.
      items.push(...page.items.map((item) => ({ ...item, apiVersion, kind }) as unknown as KubeObject));
      next = page.metadata.continue || undefined;
    } while (next);
    return items;
  }

  async apply(object: KubeObject, { dryRun = false, signal }: ApplyOptions = {}): Promise<KubeObject> {
    const ref = refOf(object);
    const query = { fieldManager: FIELD_MANAGER, force: 'false', ...(dryRun ? { dryRun: 'All' } : {}) };
    return this.#patch(ref, JSON.stringify(object), 'application/apply-patch+yaml', query, `apply ${describeRef(ref)}`, signal);
  }

  async annotate(ref: ObjectRef, annotations: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<KubeObject> {
    const body = JSON.stringify({ metadata: { annotations } });
    const query = { fieldManager: `${FIELD_MANAGER}-annotate` };
    return this.#patch(ref, body, 'application/merge-patch+json', query, `annotate ${describeRef(ref)}`, signal);
  }

  async patch(ref: ObjectRef, patch: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<KubeObject> {
    const query = { fieldManager: FIELD_MANAGER };
    return this.#patch(ref, JSON.stringify(patch), 'application/merge-patch+json', query, `patch ${describeRef(ref)}`, signal);
  }

  async delete(ref: ObjectRef, signal?: AbortSignal): Promise<void> {
    const path = await this.#find(ref, signal);
    if (path === undefined) return;
    await absentIfNotFound(this.#http.send({ method: 'DELETE', path, what: `delete ${describeRef(ref)}`, signal }));
  }

  async evict(namespace: string, pod: string, signal?: AbortSignal): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/eviction`;
    const body = JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } });
    const what = `evict Pod ${namespace}/${pod}`;
    const request = { method: 'POST', path, body, contentType: 'application/json', what, signal, retry: false } as const;
    await absentIfNotFound(this.#http.send(request));
  }

  async logs(namespace: string, pod: string, options: LogOptions = {}): Promise<string> {
    const { container, tailLines = LOG_TAIL_LINES, signal } = options;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    const query = { container, tailLines: String(tailLines) };
    return this.#http.send({ method: 'GET', path, query, what: `read the log of ${namespace}/${pod}`, signal });
  }

  /** Asked once, never retried: whoever asks this asks again. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#http.send({ method: 'GET', path: '/readyz', what: 'ask whether the API is ready', signal, retry: false });
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status >= 500) return false;
      throw error;
    }
  }

  async version(signal?: AbortSignal): Promise<string> {
    const body = await this.#http.send({ method: 'GET', path: '/version', what: 'ask the version', signal });
    return (JSON.parse(body) as { gitVersion: string }).gitVersion;
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  async #patch(
    ref: ObjectRef,
    body: string,
    contentType: string,
    query: Record<string, string>,
    what: string,
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const path = await this.#find(ref, signal);
    if (path === undefined)
      throw new KubeError(`${what}: the server does not know this kind (${ref.apiVersion})`, 404, 'NotFound');
    return JSON.parse(await this.#http.send({ method: 'PATCH', path, query, body, contentType, what, signal })) as KubeObject;
  }

  async #find(ref: ObjectRef, signal?: AbortSignal): Promise<string | undefined> {
    const resource = await this.#discovery.find(ref.apiVersion, ref.kind, signal);
    return resource && resourcePath(resource, namespaceFor(resource, ref), ref.name);
  }
}

const namespaceFor = (resource: ApiResource, ref: ObjectRef): string | undefined =>
  resource.namespaced ? (ref.namespace ?? 'default') : undefined;

async function absentIfNotFound(answer: Promise<string>): Promise<string | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}
