import { afterEach, beforeEach, expect, test } from 'vitest';
import { RefusedError, TimeoutError } from '#src/errors.ts';
import { applyAll, planApply } from './apply-all.ts';
import type { KubeClient, KubeObject } from './client.ts';
import { connectKube } from './kube-client.ts';
import { selfSigned } from './testing/certificates.ts';
import { FakeApi } from './testing/fake-api.ts';

const certificate = selfSigned('fake-api');
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
const settings: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'x' }, data: { k: 'v' } };
const crd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: { group: 'example.com' },
};
const SETTINGS_PATH = '/api/v1/namespaces/x/configmaps/a';
const CRD_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com';

let api: FakeApi;
let client: KubeClient;
const signal = new AbortController().signal;
const facts: string[] = [];
const options = { signal, report: (fact: string) => void facts.push(fact) };

beforeEach(async () => {
  facts.length = 0;
  api = new FakeApi(certificate);
  client = connectKube({ kubeconfig: api.kubeconfig(), port: { port: await api.listen() } });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

test('namespaces and CRDs come first; CRDs are Established before the rest', async () => {
  let asked = 0;
  api.override = ({ method, path, query }) => {
    if (path !== CRD_PATH || method !== 'GET' || query.dryRun || !api.objects.has(CRD_PATH)) return undefined;
    const status = { conditions: [{ type: 'Established', status: ++asked > 2 ? 'True' : 'False' }] };
    return { body: { ...api.objects.get(CRD_PATH), status } };
  };
  const summary = await applyAll(client, [settings, namespace, crd], options);
  expect(summary).toEqual({ created: 3, configured: 0, unchanged: 0, left: 0 });
  expect(api.writes.at(-1)?.path).toBe(SETTINGS_PATH);
  expect(asked).toBe(3);
  expect(facts).toContain('CustomResourceDefinition things.example.com created');
});

test('a second run sends nothing', async () => {
  await applyAll(client, [namespace, settings], options);
  const before = JSON.stringify([...api.objects]);
  api.seen.length = 0;
  expect(await applyAll(client, [namespace, settings], options)).toEqual({ created: 0, configured: 0, unchanged: 2, left: 0 });
  expect(api.writes).toEqual([]);
  expect(JSON.stringify([...api.objects])).toBe(before);
});

test('what differs is shown by its path, then configured', async () => {
  await applyAll(client, [namespace, settings], options);
  const wanted = { ...settings, data: { k: 'w' } };
  const [intention] = await planApply(client, [wanted], options);
  expect(intention).toMatchObject({ verdict: 'configure', fields: [{ field: 'data.k', before: 'v', after: 'w' }] });
  expect(await applyAll(client, [wanted], options)).toMatchObject({ configured: 1 });
  expect(api.objects.get(SETTINGS_PATH)?.data).toEqual({ k: 'w' });
});

test('a write of a controller between the two looks is no difference', async () => {
  await applyAll(client, [namespace, settings], options);
  let touched = 0;
  api.override = ({ query }) => {
    const live = api.objects.get(SETTINGS_PATH);
    if (!query.dryRun || !live || touched++ > 0) return undefined;
    api.put(SETTINGS_PATH, { ...live, metadata: { ...live.metadata, annotations: { theirs: '1' } } });
    return undefined;
  };
  const [intention] = await planApply(client, [{ ...settings, data: { k: 'w' } }], options);
  expect(touched).toBe(2);
  expect(intention?.fields.map(({ field }) => field)).toEqual(['data.k']);
});

test('all objects of other owners are named, and nothing is touched', async () => {
  const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
  const annotations = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'x' };
  api.put(SETTINGS_PATH, { ...settings, metadata: { ...settings.metadata, labels } });
  api.put('/api/v1/namespaces/x', { ...namespace, metadata: { name: 'x', annotations } });
  const error = await applyAll(client, [crd, namespace, settings], options).catch((error) => error);
  expect(error).toBeInstanceOf(RefusedError);
  expect(error.findings).toEqual([
    'ConfigMap x/a is managed by the Flux Kustomization flux-system/apps',
    'Namespace x is managed by the Helm release x/web',
  ]);
  expect(api.writes).toEqual([]);
});

test('what was handed over is left alone', async () => {
  const labels = { 'kustomize.toolkit.fluxcd.io/name': 'cluster', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
  api.put(SETTINGS_PATH, { ...settings, metadata: { ...settings.metadata, labels }, data: { k: 'theirs' } });
  const isHandedOver = async ({ kustomization }: { kustomization?: { name: string } }) => kustomization?.name === 'cluster';
  expect(await applyAll(client, [settings], { ...options, isHandedOver })).toEqual({
    created: 0,
    configured: 0,
    unchanged: 0,
    left: 1,
  });
  expect(api.writes).toEqual([]);
});

test('a kind that the server does not take in time is a timeout with its words', async () => {
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' } };
  const error = await applyAll(client, [thing], { ...options, servedWithinMs: 300 }).catch((error) => error);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error.output).toContain('does not know this kind');
});
