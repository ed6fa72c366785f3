import { describe, expect, test } from 'vitest';
import type { KubeObject } from './client.ts';
import { isSurelyApplied, otherManagers } from './managed-fields.ts';
import { ownerOf } from './owner.ts';

const desired: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a', namespace: 'x', labels: { app: 'a' } },
  spec: { ports: [{ name: 'http', port: 80 }], finalizers: ['one'] },
};

const live = (metadata: Partial<KubeObject['metadata']>): KubeObject => ({
  ...desired,
  metadata: { name: 'a', namespace: 'x', ...metadata },
});

const managed = (manager: string, fieldsV1: unknown, more = {}) => ({
  managedFields: [{ manager, operation: 'Update', fieldsV1, ...more }],
});

describe('owners by their marks', () => {
  test.each<[string, Partial<KubeObject['metadata']>, string | undefined]>([
    ['nobody', {}, undefined],
    ['an owner reference', { ownerReferences: [{ kind: 'Deployment', name: 'd' }] }, 'its owner Deployment d'],
    [
      'a Kustomization',
      { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'f' } },
      'the Flux Kustomization f/apps',
    ],
    [
      'a HelmRelease',
      { labels: { 'helm.toolkit.fluxcd.io/name': 'r', 'helm.toolkit.fluxcd.io/namespace': 'f' } },
      'the Flux HelmRelease f/r',
    ],
    [
      'Helm',
      { annotations: { 'meta.helm.sh/release-name': 'r', 'meta.helm.sh/release-namespace': 'n' } },
      'the Helm release n/r',
    ],
    ['Argo CD', { annotations: { 'argocd.argoproj.io/tracking-id': 'app:/Service:x/a' } }, 'the Argo CD application app'],
    ['K3s', { annotations: { 'objectset.rio.cattle.io/owner-name': 'coredns' } }, 'the K3s AddOn coredns'],
    [
      'a field manager',
      managed('kubectl-edit', { 'f:metadata': { 'f:labels': { 'f:app': {} } } }),
      'the field manager kubectl-edit (.metadata.labels.app)',
    ],
  ])('%s', (_, metadata, text) => {
    expect(ownerOf(live(metadata), desired, 'picluster')?.text).toBe(text);
  });

  test('once it is ours, fields of others are for the API to judge', () => {
    const [theirs] = managed('kubectl-edit', { 'f:metadata': { 'f:labels': { 'f:app': {} } } }).managedFields;
    const ours = { manager: 'picluster', operation: 'Apply', fieldsV1: {} };
    expect(ownerOf(live({ managedFields: [theirs!, ours] }), desired, 'picluster')).toBeUndefined();
  });
});

describe('fields that others manage', () => {
  test.each<[string, unknown, object, string | undefined]>([
    [
      'a list item by its key',
      { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } } },
      {},
      '.spec.ports[80,TCP].port',
    ],
    [
      'another list item',
      { 'f:spec': { 'f:ports': { 'k:{"port":81,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } } },
      {},
      undefined,
    ],
    ['a value in a set', { 'f:spec': { 'f:finalizers': { 'v:"one"': {} } } }, {}, '.spec.finalizers["one"]'],
    ['another value', { 'f:spec': { 'f:finalizers': { 'v:"two"': {} } } }, {}, undefined],
    ['a field that we leave alone', { 'f:metadata': { 'f:annotations': { '.': {}, 'f:note': {} } } }, {}, undefined],
    ['a status', { 'f:spec': { 'f:ports': {} } }, { subresource: 'status' }, undefined],
  ])('%s', (_, fieldsV1, more, field) => {
    const found = otherManagers(live(managed('x', fieldsV1, more)), desired, 'picluster');
    expect(found).toEqual(field === undefined ? [] : [{ manager: 'x', field }]);
  });
});

describe('surely applied', () => {
  const fieldsV1 = {
    'f:metadata': { 'f:labels': { 'f:app': {} } },
    'f:spec': { 'f:ports': { 'k:{"port":80}': { '.': {}, 'f:name': {}, 'f:port': {} } }, 'f:finalizers': {} },
  };
  const applied = (fields: unknown, change: object = {}): KubeObject => ({
    ...desired,
    spec: { ...(desired.spec as object), defaulted: true },
    ...change,
    metadata: { ...desired.metadata, managedFields: [{ manager: 'picluster', operation: 'Apply', fieldsV1: fields }] },
  });
  test.each<[string, KubeObject, boolean]>([
    ['all of it is there', applied(fieldsV1), true],
    ['a value differs', applied(fieldsV1, { spec: { ports: [{ name: 'web', port: 80 }], finalizers: ['one'] } }), false],
    [
      'a list has more',
      applied(fieldsV1, { spec: { ports: [{ name: 'http', port: 80 }, { port: 81 }], finalizers: ['one'] } }),
      false,
    ],
    ['a field was left out since', applied({ ...fieldsV1, 'f:data': { 'f:old': {} } }), false],
    ['it was never ours', { ...desired }, false],
  ])('%s', (_, object, expected) => {
    expect(isSurelyApplied(object, desired, 'picluster')).toBe(expected);
  });
});
