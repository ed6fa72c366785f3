import { expect, it } from 'vitest';
import type { KubeClient, KubeObject } from './client.ts';
import { drain, evictable, hasElsewhere, whyNotBack } from './drain.ts';
import { KubeError } from './errors.ts';

const pod = (name: string, more: object = {}, phase = 'Running') =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'apps', ...more }, status: { phase } }) as KubeObject;
const never = new AbortController().signal;

/** An API whose pods go when they are evicted, but for those that a budget keeps: so many times. */
function api(pods: KubeObject[], keeps: Record<string, number> = {}) {
  const evicted: string[] = [];
  const client = {
    list: async () => pods.filter(({ metadata }) => !evicted.includes(metadata.name)),
    evict: async (_: string, name: string) => {
      const left = keeps[name] ?? 0;
      keeps[name] = left - 1;
      if (left > 0)
        throw new KubeError(`evict Pod apps/${name}: the disruption budget web needs 1 healthy pods`, 429, 'TooManyRequests');
      evicted.push(name);
    },
  } as unknown as KubeClient;
  return { client, evicted };
}

it('leaves what stays with the machine, and what has ended', () => {
  const pods = [
    pod('web'),
    pod('mirror', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    pod('daemon', { ownerReferences: [{ kind: 'DaemonSet' }] }),
    pod('done', {}, 'Succeeded'),
  ];
  expect(evictable(pods).map(({ metadata }) => metadata.name)).toEqual(['web']);
});

it('asks again for what a disruption budget keeps', async () => {
  const { client, evicted } = api([pod('a'), pod('b')], { b: 2 });
  await drain(client, { node: 'n1', timeoutMs: 60_000, everyMs: 1, signal: never });
  expect(evicted).toEqual(['a', 'b']);
});

it('ends its wait with the names of the pods that are left and what keeps them', async () => {
  const { client } = api([pod('a'), pod('b')], { b: 1_000_000 });
  await expect(drain(client, { node: 'n1', timeoutMs: 20, everyMs: 1, signal: never })).rejects.toMatchObject({
    name: 'TimeoutError',
    output: expect.stringContaining('apps/b: evict Pod apps/b: the disruption budget web needs 1 healthy pods'),
    hint: expect.stringContaining('nothing was rebooted'),
  });
});

it('stops when the run is interrupted, saying what it waited for', async () => {
  const stop = new AbortController();
  const { client } = api([pod('b')], { b: 1_000_000 });
  const draining = drain(client, { node: 'n1', timeoutMs: 60_000, everyMs: 60_000, signal: stop.signal });
  stop.abort();
  await expect(draining).rejects.toMatchObject({ exitCode: 130, message: expect.stringContaining('all pods had left n1') });
});

const node = (name: string, bootID: string, ready: string, unschedulable = false) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { unschedulable },
  status: { nodeInfo: { bootID }, conditions: [{ type: 'Ready', status: ready }] },
});

it.each([
  ['no Node', undefined, /no such Node/],
  ['Ready, but as it was before', node('n1', 'old', 'True'), /not reported the new boot/],
  ['in its new boot, not Ready', node('n1', 'new', 'False'), /not Ready/],
  ['in its new boot and Ready', node('n1', 'new', 'True'), undefined],
])('%s', (_, object, wanted) => {
  const why = whyNotBack(object, 'new');
  if (wanted) expect(why).toMatch(wanted);
  else expect(why).toBeUndefined();
});

it.each([
  ['another that is Ready', [node('n1', 'x', 'True'), node('n2', 'x', 'True')], true],
  ['none', [node('n1', 'x', 'True')], false],
  ['only those that take nothing', [node('n1', 'x', 'True'), node('n2', 'x', 'True', true), node('n3', 'x', 'Unknown')], false],
])('pods can go elsewhere: %s', async (_, nodes, expected) => {
  const client = { list: async () => nodes } as unknown as KubeClient;
  expect(await hasElsewhere(client, 'n1', never)).toBe(expected);
});
