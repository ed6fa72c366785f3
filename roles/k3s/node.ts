import type { KubeObject } from '#src/kube/client.ts';

export interface Taint {
  key: string;
  value?: string;
  effect: string;
  [more: string]: unknown;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface NodeObject extends KubeObject {
  spec?: { taints?: Taint[] };
  status?: { conditions?: Condition[]; nodeInfo?: { kubeletVersion?: string } };
}

export interface Wanted {
  /** `v1.34.4+k3s1`. */
  readonly version: string;
  /** False while the CNI comes later. */
  readonly mustBeReady: boolean;
}

/** Why a Node is not yet as wanted; undefined when it is. Pure. */
export function whyNotYet(node: NodeObject | undefined, { version, mustBeReady }: Wanted): string | undefined {
  if (!node) return 'there is no Node yet';
  const kubelet = node.status?.nodeInfo?.kubeletVersion;
  if (kubelet !== version) return `its kubelet is ${kubelet || 'of unknown version'}, not ${version}`;
  const voter = condition(node, 'EtcdIsVoter');
  if (voter && voter.status !== 'True') return `its etcd member is no voter yet (${voter.reason ?? voter.status})`;
  const ready = condition(node, 'Ready');
  if (!mustBeReady || ready?.status === 'True') return undefined;
  return `it is not Ready${ready?.message ? `: ${ready.message}` : ''}`;
}

/** All conditions of a Node, a line each, for whoever has to find out. */
export const conditionLines = (node: NodeObject | undefined): string[] =>
  (node?.status?.conditions ?? []).map(({ type, status, reason, message }) =>
    `${type}=${status} ${[reason, message].filter(Boolean).join(': ')}`.trim(),
  );

const condition = (node: NodeObject, type: string): Condition | undefined =>
  node.status?.conditions?.find((candidate) => candidate.type === type);

/** Labels that an earlier server-side apply of the field manager set. Pure. */
export function labelsOwnedBy(node: NodeObject, manager: string): string[] {
  return (node.metadata.managedFields ?? [])
    .filter((entry) => entry.manager === manager && entry.operation === 'Apply')
    .flatMap(({ fieldsV1 }) => Object.keys(fieldAt(fieldsV1, 'f:metadata', 'f:labels')))
    .filter((field) => field.startsWith('f:'))
    .map((field) => field.slice(2));
}

function fieldAt(fields: unknown, ...path: string[]): object {
  const found = path.reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], fields);
  return typeof found === 'object' && found !== null ? found : {};
}
