import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError, TimeoutError } from '#src/errors.ts';
import type { KubeClient, KubeObject } from './client.ts';
import { KubeError } from './errors.ts';
import { conditionOf } from './objects.ts';

interface NodeObject extends KubeObject {
  spec?: { unschedulable?: boolean };
  status?: { nodeInfo?: { bootID?: string } };
}

interface PodObject extends KubeObject {
  metadata: KubeObject['metadata'] & { uid?: string; ownerReferences?: { kind: string }[] };
  status?: { phase?: string };
}

export interface DrainOptions {
  readonly node: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

const nodeRef = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name });

export async function getNode(client: KubeClient, name: string, signal: AbortSignal): Promise<NodeObject | undefined> {
  return (await client.get(nodeRef(name), signal)) as NodeObject | undefined;
}

/** Takes no new pods, or does again. */
export async function setSchedulable(
  client: KubeClient,
  name: string,
  isSchedulable: boolean,
  signal: AbortSignal,
): Promise<void> {
  await client.patch(nodeRef(name), { spec: { unschedulable: isSchedulable ? null : true } }, signal);
}

/** Is there a Node besides this one that pods could go to? */
export async function hasElsewhere(client: KubeClient, name: string, signal: AbortSignal): Promise<boolean> {
  const nodes = (await client.list('v1', 'Node', { signal })) as NodeObject[];
  return nodes.some(
    (node) => node.metadata.name !== name && !node.spec?.unschedulable && conditionOf(node, 'Ready')?.status === 'True',
  );
}

/** Why the Node is not back from a reboot into the boot with this id; undefined: it is. Its conditions may still be those from before. */
export function whyNotBack(node: NodeObject | undefined, bootId: string): string | undefined {
  if (!node) return 'there is no such Node any more';
  if (node.status?.nodeInfo?.bootID !== bootId) return 'its kubelet has not reported the new boot yet';
  const ready = conditionOf(node, 'Ready');
  return ready?.status === 'True' ? undefined : `it is not Ready${ready?.message ? `: ${ready.message}` : ''}`;
}

/** Pods that have to go: not those of DaemonSets and of the kubelet itself, which stay with the machine, nor finished ones. Pure. */
export function evictable(pods: readonly PodObject[]): PodObject[] {
  return pods.filter(
    ({ metadata, status }) =>
      !metadata.annotations?.['kubernetes.io/config.mirror'] &&
      !metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') &&
      status?.phase !== 'Succeeded' &&
      status?.phase !== 'Failed',
  );
}

/**
 * Evicts all pods of a cordoned Node and waits until they are gone. Disruption budgets are respected: what they refuse is asked for again
 * until the bound. Throws TimeoutError naming each pod that is left, with the API's own words.
 */
export async function drain(client: KubeClient, { node, timeoutMs, everyMs = 2000, signal }: DrainOptions): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const pods = (await client.list('v1', 'Pod', { fieldSelector: `spec.nodeName=${node}`, signal })) as PodObject[];
    const left = evictable(pods);
    if (left.length === 0) return;
    const said = await Promise.all(left.map((pod) => evict(client, pod, signal)));
    if (performance.now() > endsAt) {
      throw new TimeoutError(`waited ${Math.round(timeoutMs / 1000)} s until all pods had left ${node}`, {
        output: left.map(({ metadata }, index) => `${metadata.namespace}/${metadata.name}: ${said[index]}`).join('\n'),
        hint: 'give the pods more replicas or another disruption budget, or delete them; nothing was rebooted',
      });
    }
    await delay(everyMs, undefined, { signal }).catch(() => {
      throw new InterruptedError(`interrupted while waiting until all pods had left ${node}`);
    });
  }
}

/** What the API says to it: a budget's refusal is an answer, not an error. */
async function evict(client: KubeClient, { metadata }: PodObject, signal: AbortSignal): Promise<string> {
  if (metadata.deletionTimestamp) return 'it is ending';
  try {
    await client.evict(metadata.namespace ?? 'default', metadata.name, signal);
    return 'it was told to end';
  } catch (error) {
    if (error instanceof KubeError && error.status === 429) return error.message;
    throw error;
  }
}
