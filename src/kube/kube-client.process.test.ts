import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnavailableError, ConfigError, InterruptedError, PermissionError } from '#src/errors.ts';
import type { KubeClient, KubeObject } from './client.ts';
import { KubeConflictError, KubeError } from './errors.ts';
import { connectKube } from './kube-client.ts';
import { selfSigned } from './testing/certificates.ts';
import { FakeApi, statusOf } from './testing/fake-api.ts';

const certificate = selfSigned('fake-api');
const settings: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'x' }, data: { k: 'v' } };
const PATH = '/api/v1/namespaces/x/configmaps/a';

let api: FakeApi;
let port: number;
let client: KubeClient;

beforeEach(async () => {
  api = new FakeApi(certificate);
  port = await api.listen();
  client = connectKube({ kubeconfig: api.kubeconfig(), port: { port } });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const nth = (answers: (object | 'hang-up' | undefined)[]) => {
  let count = 0;
  return ({ path }: { path: string }) => (path === PATH ? (answers[count++] as never) : undefined);
};

describe('reading', () => {
  test('an object, by one discovery per API version', async () => {
    api.put(PATH, settings);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'x' };
    expect((await client.get(ref))?.data).toEqual({ k: 'v' });
    expect(await client.get({ ...ref, name: 'b' })).toBeUndefined();
    expect(api.seen.filter(({ path }) => path === '/api/v1')).toHaveLength(1);
  });

  test('what is of an unknown kind does not exist', async () => {
    expect(await client.get({ apiVersion: 'example.com/v1', kind: 'Thing', name: 'a' })).toBeUndefined();
    expect(await client.list('example.com/v1', 'Thing')).toEqual([]);
  });

  test('names keep their case, and are escaped', async () => {
    await client.get({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:Foo/bar' });
    expect(api.seen.at(-1)?.path).toBe('/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3AFoo%2Fbar');
  });

  test('a list to its last page, items with their kind', async () => {
    api.override = ({ path, query }) => {
      if (path !== '/api/v1/pods') return undefined;
      const isFirst = !query.continue;
      return { body: { metadata: isFirst ? { continue: 'token' } : {}, items: [{ metadata: { name: isFirst ? 'a' : 'b' } }] } };
    };
    const pods = await client.list('v1', 'Pod', { labelSelector: 'app=x' });
    expect(pods.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Pod a', 'Pod b']);
    expect(api.seen.at(-1)?.query).toEqual({ limit: '250', labelSelector: 'app=x', continue: 'token' });
  });

  test('readiness is asked once', async () => {
    api.override = ({ path }) => (path === '/readyz' ? { status: 503, body: 'not yet' } : undefined);
    expect(await client.ready()).toBe(false);
    expect(api.seen).toHaveLength(1);
    api.override = () => ({ body: 'ok' });
    expect(await client.ready()).toBe(true);
  });
});

describe('writing', () => {
  test('is server-side apply in our name, never forced', async () => {
    await client.apply(settings);
    const { method, path, query, contentType } = api.writes[0]!;
    expect({ method, path, query, contentType }).toEqual({
      method: 'PATCH',
      path: PATH,
      query: { fieldManager: 'picluster', force: 'false' },
      contentType: 'application/apply-patch+yaml',
    });
  });

  test('a dry run says so', async () => {
    await client.apply(settings, { dryRun: true });
    expect(api.seen.at(-1)?.query.dryRun).toBe('All');
    expect(api.objects.size).toBe(0);
  });

  test('a conflict names managers and fields', async () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit" using v1', field: '.data.k' }];
    api.override = nth([{ status: 409, body: statusOf(409, 'Conflict', 'Apply failed with 1 conflict', { causes }) }]) as never;
    const error = await client.apply(settings).catch((error) => error);
    expect(error).toBeInstanceOf(KubeConflictError);
    expect(error).toMatchObject({
      exitCode: 78,
      conflicts: [{ manager: '"kubectl-edit" using v1', field: '.data.k' }],
      output: '.data.k is managed by "kubectl-edit" using v1',
    });
  });

  test("an error has the API's own words", async () => {
    api.override = nth([{ status: 422, body: statusOf(422, 'Invalid', 'data: too long') }]) as never;
    const error = await client.apply(settings).catch((error) => error);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({ status: 422, reason: 'Invalid', message: 'apply ConfigMap x/a: data: too long' });
  });

  test('an unknown kind is an error', async () => {
    const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' } };
    await expect(client.apply(thing)).rejects.toMatchObject({ status: 404, message: expect.stringContaining('does not know') });
  });

  test('deleting what is not there is done', async () => {
    api.put(PATH, settings);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'x' };
    await client.delete(ref);
    await client.delete(ref);
    expect(api.objects.size).toBe(0);
  });
});

describe('trouble', () => {
  test('lost connections and an overloaded server are tried again', async () => {
    api.put(PATH, settings);
    api.override = nth(['hang-up', { status: 503, body: 'starting' }, undefined]) as never;
    expect((await client.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'x' }))?.data).toEqual({ k: 'v' });
  });

  test('no server at all is an unavailable API', async () => {
    await api.close();
    await expect(client.ready()).rejects.toBeInstanceOf(ApiUnavailableError);
  });

  test('a server without an API behind it is one, too', { timeout: 15_000 }, async () => {
    api.override = () => ({ status: 503, body: 'apiserver not ready' });
    await expect(client.version()).rejects.toBeInstanceOf(ApiUnavailableError);
  });

  test('an abort ends the tries', async () => {
    api.override = () => 'hang-up';
    const abort = new AbortController();
    const waiting = client.version(abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
  });

  test("another cluster's certificate is refused", async () => {
    const stranger = connectKube({ kubeconfig: api.kubeconfig(selfSigned('other').cert), port: { port } });
    await expect(stranger.ready()).rejects.toBeInstanceOf(PermissionError);
    expect(api.seen).toEqual([]);
    await stranger.close();
  });

  test.each(['[]', 'a: 1', 'clusters: []'])('%s is no kubeconfig', (kubeconfig) => {
    expect(() => connectKube({ kubeconfig, port: { port } })).toThrow(ConfigError);
  });
});
