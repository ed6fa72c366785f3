import { expect, it } from 'vitest';
import { labelChange } from './actions/node-labels.ts';
import { labelsOwnedBy, type NodeObject, whyNotYet } from './node.ts';

interface NodeOptions {
  kubelet?: string;
  conditions?: Record<string, string>;
  labels?: Record<string, string>;
  owned?: Record<string, string[]>;
}

const node = ({ kubelet = 'v1', conditions = { Ready: 'True' }, labels = {}, owned = {} }: NodeOptions = {}): NodeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n1',
    labels,
    managedFields: Object.entries(owned).map(([manager, keys]) => ({
      manager,
      operation: 'Apply',
      fieldsV1: { 'f:metadata': { 'f:labels': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) } },
    })),
  },
  status: {
    nodeInfo: { kubeletVersion: kubelet },
    conditions: Object.entries(conditions).map(([type, status]) => ({ type, status, message: `${type} says ${status}` })),
  },
});

it.each([
  ['nothing there', undefined, true, 'there is no Node yet'],
  ['Ready', node(), true, undefined],
  ['an old kubelet', node({ kubelet: 'v0' }), true, 'its kubelet is v0, not v1'],
  ['not Ready', node({ conditions: { Ready: 'False' } }), true, 'it is not Ready: Ready says False'],
  ['not Ready, and the CNI comes later', node({ conditions: { Ready: 'False' } }), false, undefined],
  ['no condition yet', node({ conditions: {} }), true, 'it is not Ready'],
  [
    'an etcd learner',
    node({ conditions: { Ready: 'True', EtcdIsVoter: 'False' } }),
    true,
    'its etcd member is no voter yet (False)',
  ],
  ['an etcd voter', node({ conditions: { Ready: 'True', EtcdIsVoter: 'True' } }), true, undefined],
])('a Node: %s', (_, object, mustBeReady, reason) => {
  expect(whyNotYet(object, { version: 'v1', mustBeReady })).toBe(reason);
});

it('only our own labels are ours', () => {
  const object = node({ owned: { picluster: ['a', 'b.example.com/c'], k3s: ['d'] } });
  expect(labelsOwnedBy(object, 'picluster')).toEqual(['a', 'b.example.com/c']);
  expect(labelsOwnedBy(object, 'kubectl')).toEqual([]);
});

it.each([
  ['all there', { labels: { a: '1', x: '2' } }, { a: '1' }, 'done'],
  ['none wanted, none ours', { labels: { x: '2' } }, {}, 'done'],
  ['one is missing', {}, { a: '1' }, [{ field: 'a', before: undefined, after: '1' }]],
  ['one is otherwise', { labels: { a: '0' } }, { a: '1' }, [{ field: 'a', before: '0', after: '1' }]],
  [
    'one of ours is wanted no more',
    { labels: { a: '1', b: '2' }, owned: { picluster: ['a', 'b'] } },
    { a: '1' },
    [{ field: 'b', before: '2' }],
  ],
])('labels: %s', (_, options, wanted, expected) => {
  const change = labelChange(node(options), wanted);
  expect(change === 'done' ? change : change.fields).toEqual(expected);
});
