import type { KubeClient, KubeObject, ObjectRef } from './client.ts';
import { type Condition, conditionsOf, describeRef, isObserved, refOf } from './objects.ts';

const MAX_EVENTS = 8;
const MAX_PODS = 3;
const LOG_LINES = 10;
/** Conditions that are good news when False. */
const GOOD_WHEN_FALSE = /Pressure$|^NetworkUnavailable$|^Stalled$|^ReplicaFailure$|^Reconciling$|Terminating$/;

/** Why an object is not as it should be, as lines for a person: conditions that are not good, last events, the last log lines of its pods. */
export async function explainObject(client: KubeClient, ref: ObjectRef): Promise<string> {
  const object = await client.get(ref);
  if (!object) return `${describeRef(ref)} does not exist`;
  const [events, pods] = await Promise.all([eventLines(client, object), podLines(client, object)]);
  const lines = [...conditionLines(object), ...events, ...pods];
  return lines.length > 0 ? lines.join('\n') : `${describeRef(ref)} has no conditions, no events and no pods`;
}

/** The last log lines of the pods that carry a label: of the controller that should have acted. */
export async function explainPods(client: KubeClient, namespace: string, labelSelector: string): Promise<string> {
  const pods = await client.list('v1', 'Pod', { namespace, labelSelector });
  if (pods.length === 0) return `no pod ${labelSelector} in ${namespace}`;
  const parts = await Promise.all(pods.slice(0, MAX_PODS).map((pod) => describePod(client, pod, true)));
  return parts.flat().join('\n');
}

export function conditionLines(object: KubeObject): string[] {
  const name = describeRef(refOf(object));
  const stale = 'observedGeneration' in ((object.status as object | undefined) ?? {}) && !isObserved(object);
  const bad = conditionsOf(object)
    .filter(isBad)
    .map((condition) => `${name}: ${conditionText(condition)}`);
  return stale ? [`${name}: its controller has not yet seen its last change`, ...bad] : bad;
}

const isBad = ({ type, status }: Condition): boolean => status !== (GOOD_WHEN_FALSE.test(type) ? 'False' : 'True');

/** `Ready is False: BuildFailed: kustomization.yaml not found`. */
export const conditionText = ({ type, status, reason, message }: Condition): string =>
  [`${type} is ${status}`, reason, message?.trim()].filter(Boolean).join(': ');

async function eventLines(client: KubeClient, object: KubeObject): Promise<string[]> {
  const { kind, name, namespace = 'default' } = refOf(object);
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = await client.list('v1', 'Event', { namespace, fieldSelector });
  return events
    .sort((a, b) => eventTime(a).localeCompare(eventTime(b)))
    .slice(-MAX_EVENTS)
    .map((event) => `event of ${kind} ${name}: ${event.reason}: ${String(event.message ?? '').trim()}${timesSeen(event)}`);
}

const eventTime = ({ lastTimestamp, eventTime, metadata }: KubeObject): string =>
  String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');

const timesSeen = ({ count }: KubeObject): string => (typeof count === 'number' && count > 1 ? ` (${count} times)` : '');

async function podLines(client: KubeClient, object: KubeObject): Promise<string[]> {
  if (object.kind === 'Pod') return describePod(client, object, false);
  const labels = (object.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector?.matchLabels;
  const { namespace } = object.metadata;
  if (!labels || !namespace) return [];
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const pods = await client.list('v1', 'Pod', { namespace, labelSelector });
  const parts = await Promise.all(pods.slice(0, MAX_PODS).map((pod) => describePod(client, pod, true)));
  return parts.flat();
}

interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode?: number } };
}

async function describePod(client: KubeClient, pod: KubeObject, withConditions: boolean): Promise<string[]> {
  const { name, namespace = 'default' } = refOf(pod);
  const containers = (pod.status as { containerStatuses?: ContainerStatus[] } | undefined)?.containerStatuses ?? [];
  const events = withConditions ? await eventLines(client, pod) : [];
  const log = await client.logs(namespace, name, { tailLines: LOG_LINES }).catch(() => '');
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  return [
    ...(phase === 'Running' ? [] : [`Pod ${namespace}/${name} is ${phase ?? 'new'}`]),
    ...(withConditions ? conditionLines(pod) : []),
    ...containers.filter(({ ready }) => !ready).map((container) => `Pod ${namespace}/${name}: ${containerText(container)}`),
    ...events,
    ...log
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => `log of ${name}: ${line}`),
  ];
}

function containerText({ name, restartCount, state = {} }: ContainerStatus): string {
  const { waiting, terminated } = state;
  const why = waiting
    ? [waiting.reason, waiting.message].filter(Boolean).join(': ')
    : terminated
      ? `${terminated.reason ?? 'terminated'}, exit status ${terminated.exitCode}`
      : 'running, not ready';
  return `container ${name}: ${why}${restartCount > 0 ? `, restarted ${restartCount} times` : ''}`;
}
