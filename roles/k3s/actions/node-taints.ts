import { KubeError } from '#src/kube/errors.ts';
import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { TAINTS_ANNOTATION, taintChange, wantedTaints } from '../taints.ts';
import { getNode } from './get-node.ts';

/** Controllers change a Node often: a patch that came second is made again from what is there now. */
const TRIES = 5;

/** Keeps the taints of the inventory on a Node that is registered already; those of others stay. */
export function nodeTaints(node: string, taints: readonly string[]): Action {
  return defineAction({
    name: 'node-taints',
    title: `taints of Node ${node}`,
    planned: { action: 'update', fields: taints.map((after) => ({ field: 'taint', after })) },
    check: async (context) => {
      const object = await getNode(context, node);
      return object ? taintChange(object, taints) : 'later';
    },
    run: async (context) => {
      for (let left = TRIES; !(await patched(context, node, taints)); left--) {
        if (left <= 1) throw new KubeError(`taint Node ${node}: it changed ${TRIES} times meanwhile`, 409, 'Conflict');
      }
    },
  });
}

/** False when somebody else changed the Node in between. */
async function patched(context: ActionContext, name: string, taints: readonly string[]): Promise<boolean> {
  const { kube, signal } = context;
  const node = await getNode(context, name);
  if (!node || taintChange(node, taints) === 'done') return true;
  const { resourceVersion } = node.metadata;
  const annotations = { [TAINTS_ANNOTATION]: taints.length > 0 ? taints.join(',') : null };
  const patch = { metadata: { resourceVersion, annotations }, spec: { taints: wantedTaints(node, taints) } };
  try {
    await (await kube()).patch({ apiVersion: 'v1', kind: 'Node', name }, patch, signal);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 409) return false;
    throw error;
  }
}
