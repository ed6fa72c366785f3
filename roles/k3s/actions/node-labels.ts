import type { Change, FieldChange } from '#src/resource/kind.ts';
import { type Action, defineAction } from '#src/role/action.ts';
import { labelsOwnedBy, type NodeObject } from '../node.ts';
import { getNode } from './get-node.ts';

const MANAGER = 'picluster';

/** Keeps the Node's labels through the API: kubelet may not set role labels, and never takes one away. */
export function nodeLabels(node: string, labels: Readonly<Record<string, string>>): Action {
  return defineAction({
    name: 'node-labels',
    title: `labels of Node ${node}`,
    planned: { action: 'update', fields: Object.entries(labels).map(([field, after]) => ({ field, after })) },
    check: async (context) => {
      const object = await getNode(context, node);
      return object ? labelChange(object, labels) : 'later';
    },
    run: async ({ kube, signal }) => {
      const client = await kube();
      await client.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: node, labels: { ...labels } } }, { signal });
    },
  });
}

/** What has to be set, and which labels of ours have to go. Pure. */
export function labelChange(node: NodeObject, wanted: Readonly<Record<string, string>>): Change | 'done' {
  const present = node.metadata.labels ?? {};
  const set: FieldChange[] = Object.entries(wanted)
    .filter(([key, value]) => present[key] !== value)
    .map(([field, after]) => ({ field, before: present[field], after }));
  const dropped: FieldChange[] = labelsOwnedBy(node, MANAGER)
    .filter((key) => !(key in wanted) && key in present)
    .map((field) => ({ field, before: present[field] }));
  return set.length + dropped.length === 0 ? 'done' : { action: 'update', fields: [...set, ...dropped] };
}
