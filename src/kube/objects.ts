import type { KubeObject, ObjectRef } from './client.ts';

/** `Deployment flux-system/source-controller`, `Namespace flux-system`. */
export const describeRef = ({ kind, name, namespace }: Pick<ObjectRef, 'kind' | 'name' | 'namespace'>): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

export function refOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectRef {
  return { apiVersion, kind, name, namespace };
}

/** One entry of `status.conditions` as all kinds write it. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

export function conditionsOf(object: KubeObject): Condition[] {
  return (object.status as { conditions?: Condition[] } | undefined)?.conditions ?? [];
}

export const conditionOf = (object: KubeObject, type: string): Condition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

/** The controller has seen this generation of the object: older status says nothing about it. */
export function isObserved(object: KubeObject): boolean {
  const observed = (object.status as { observedGeneration?: number } | undefined)?.observedGeneration;
  return observed !== undefined && observed >= (object.metadata.generation ?? 0);
}

export const describeObject = (object: KubeObject): string => describeRef(refOf(object));
