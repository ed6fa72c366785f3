import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../client.ts';
import { selfSigned, type TestCertificate } from './certificates.ts';

export interface Seen {
  method: string;
  path: string;
  query: Record<string, string>;
  contentType: string | undefined;
  body: string;
}

export interface Answer {
  status?: number;
  body: unknown;
}

/** Answers a request instead of the store; `hang-up` breaks the connection. Undefined: the store answers. */
export type Override = (seen: Seen) => Answer | 'hang-up' | undefined;

type Resources = Record<string, [kind: string, plural: string, namespaced: boolean][]>;

const BUILT_IN: Resources = {
  '/api/v1': [
    ['Namespace', 'namespaces', false],
    ['Pod', 'pods', true],
    ['Event', 'events', true],
    ['ConfigMap', 'configmaps', true],
    ['Secret', 'secrets', true],
  ],
  '/apis/apps/v1': [['Deployment', 'deployments', true]],
  '/apis/rbac.authorization.k8s.io/v1': [['ClusterRole', 'clusterroles', false]],
  '/apis/apiextensions.k8s.io/v1': [['CustomResourceDefinition', 'customresourcedefinitions', false]],
};

/** As much of an API server as the client needs: discovery, a store of objects, a simple server-side apply with one field manager. */
export class FakeApi {
  readonly objects = new Map<string, KubeObject>();
  readonly seen: Seen[] = [];
  override: Override = () => undefined;
  /** Kinds by the path of their API version; more may be added. */
  readonly resources: Resources = { ...BUILT_IN };
  readonly #certificate: TestCertificate;
  readonly #server: Server;
  #version = 100;

  constructor(certificate: TestCertificate = selfSigned('fake-api')) {
    this.#certificate = certificate;
    this.#server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'https://fake');
        const seen: Seen = {
          method: request.method ?? '',
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          contentType: request.headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        };
        this.seen.push(seen);
        const answer = this.override(seen) ?? this.#answer(seen);
        if (answer === 'hang-up') return request.socket.destroy();
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
        return response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A kubeconfig whose CA is this server's certificate, or another one. */
  kubeconfig(ca = this.#certificate.cert): string {
    return `apiVersion: v1
kind: Config
current-context: default
clusters: [{name: default, cluster: {server: 'https://127.0.0.1:6443', certificate-authority-data: ${Buffer.from(ca).toString('base64')}}}]
users: [{name: default, user: {token: test-token}}]
contexts: [{name: default, context: {cluster: default, user: default}}]
`;
  }

  /** Requests that were meant to change something. */
  get writes(): Seen[] {
    return this.seen.filter(({ method, query }) => method !== 'GET' && !query.dryRun);
  }

  put(path: string, object: KubeObject): void {
    this.objects.set(path, { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } });
  }

  #answer({ method, path, query, body, contentType }: Seen): Answer {
    const resources = this.resources[path];
    if (resources) return { body: { resources: resources.map(([kind, name, namespaced]) => ({ kind, name, namespaced })) } };
    if (contentType === 'application/merge-patch+json') {
      this.put(path, merge(this.objects.get(path), JSON.parse(body)) as KubeObject);
      return { body: this.objects.get(path) };
    }
    if (method === 'PATCH') return { body: this.#apply(path, JSON.parse(body) as KubeObject, Boolean(query.dryRun)) };
    if (method === 'DELETE' && this.objects.delete(path)) return { body: {} };
    const object = this.objects.get(path);
    if (object) return { body: object };
    if (/\/(pods|events)$/.test(path)) return { body: { metadata: {}, items: this.#under(path) } };
    return { status: 404, body: statusOf(404, 'NotFound', `${path} not found`) };
  }

  #under(path: string): KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${path}/`)).map(([, object]) => object);
  }

  #apply(path: string, desired: KubeObject, isDryRun: boolean): KubeObject {
    const live = this.objects.get(path);
    const { resourceVersion = '', managedFields = [], ...metadata } = live?.metadata ?? { name: desired.metadata.name };
    const ours = { manager: 'picluster', operation: 'Apply', fieldsV1: fieldsOf(desired) };
    const others = managedFields.filter(({ manager }) => manager !== ours.manager);
    const merged = merge({ ...live, metadata }, desired) as KubeObject;
    const result = { ...merged, metadata: { ...merged.metadata, managedFields: [...others, ours], resourceVersion } };
    const isSame = live !== undefined && JSON.stringify(sorted(live)) === JSON.stringify(sorted(result));
    if (!isDryRun && !isSame) result.metadata.resourceVersion = String(++this.#version);
    if (!isDryRun) this.objects.set(path, result);
    return result;
  }
}

export const statusOf = (code: number, reason: string, message: string, details = {}): unknown => ({
  kind: 'Status',
  code,
  reason,
  message,
  details,
});

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: unknown, over: unknown): unknown {
  if (!isMap(base) || !isMap(over)) return over;
  return { ...base, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, merge(base[key], value)])) };
}

/** FieldsV1 of maps; lists are taken as atomic. */
function fieldsOf(value: unknown, depth = 0): Record<string, unknown> {
  if (!isMap(value)) return {};
  const skipped = new Set(depth === 0 ? ['apiVersion', 'kind'] : depth === 1 ? ['name', 'namespace'] : []);
  const kept = Object.entries(value).filter(([key]) => !skipped.has(key));
  return Object.fromEntries(kept.map(([key, child]) => [`f:${key}`, fieldsOf(child, depth + 1)]));
}

function sorted(value: unknown): unknown {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, child]) => [key, sorted(child)]),
  );
}
