import type { ActionContext } from '#src/role/action.ts';
import type { NodeObject } from '../node.ts';

/** The Node, or undefined while there is none. Throws ApiUnavailableError while there is no API. */
export async function getNode({ kube, signal }: ActionContext, name: string): Promise<NodeObject | undefined> {
  return (await (await kube()).get({ apiVersion: 'v1', kind: 'Node', name }, signal)) as NodeObject | undefined;
}
