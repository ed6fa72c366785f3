import { expect, test } from 'vitest';
import type { KubeObject } from './client.ts';
import { differences } from './differences.ts';

const object = (more: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  ...more,
});

test.each<[string, KubeObject, KubeObject, unknown[]]>([
  ['equal', object({ data: { a: '1' } }), object({ data: { a: '1' } }), []],
  ['a value', object({ data: { a: '1' } }), object({ data: { a: '2' } }), [{ field: 'data.a', before: '1', after: '2' }]],
  ['a new key', object({ data: {} }), object({ data: { a: '2' } }), [{ field: 'data.a', before: undefined, after: '2' }]],
  ['a lost key', object({ data: { a: '1' } }), object({ data: {} }), [{ field: 'data.a', before: '1', after: undefined }]],
  ['in a list', object({ l: [{ p: 1 }] }), object({ l: [{ p: 2 }] }), [{ field: 'l[0].p', before: '1', after: '2' }]],
  ['a longer list', object({ l: [1] }), object({ l: [1, 2] }), [{ field: 'l', before: '[1]', after: '[1,2]' }]],
  ['a status is not ours', object({ status: { a: 1 } }), object({ status: { a: 2 } }), []],
  [
    "versions are the API's",
    object({}, { resourceVersion: '1', generation: 1 }),
    object({}, { resourceVersion: '2', generation: 2 }),
    [],
  ],
  [
    'the data of a Secret is masked',
    { ...object({ data: { a: 'b2xk' } }), kind: 'Secret' },
    { ...object({ data: { a: 'bmV3', b: 'bmV3' } }), kind: 'Secret' },
    [
      { field: 'data.a', before: '***', after: '***' },
      { field: 'data.b', before: undefined, after: '***' },
    ],
  ],
])('%s', (_, live, dryRun, expected) => {
  expect(differences(live, dryRun, 'picluster')).toEqual(expected);
});

test('values equal, but a field we no longer set', () => {
  const entry = (fieldsV1: object) => ({ managedFields: [{ manager: 'picluster', operation: 'Apply', fieldsV1 }] });
  const changes = differences(object({}, entry({ 'f:data': {} })), object({}, entry({})), 'picluster');
  expect(changes.map(({ field }) => field)).toEqual(['metadata.managedFields']);
});
