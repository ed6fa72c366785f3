import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeClient } from './client.ts';
import { explainObject, explainPods } from './explain.ts';
import { connectKube } from './kube-client.ts';
import { FakeApi } from './testing/fake-api.ts';

let api: FakeApi;
let client: KubeClient;

beforeEach(async () => {
  api = new FakeApi();
  client = connectKube({ kubeconfig: api.kubeconfig(), port: { port: await api.listen() } });
  const namespace = 'x';
  api.put('/apis/apps/v1/namespaces/x/deployments/web', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace, generation: 2 },
    spec: { selector: { matchLabels: { app: 'web' } } },
    status: {
      observedGeneration: 2,
      conditions: [
        { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'no minimum' },
        { type: 'Progressing', status: 'True' },
        { type: 'ReplicaFailure', status: 'False' },
      ],
    },
  });
  api.put('/api/v1/namespaces/x/pods/web-1', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace },
    status: {
      phase: 'Pending',
      containerStatuses: [
        { name: 'web', ready: false, restartCount: 3, state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } },
      ],
    },
  });
  api.put('/api/v1/namespaces/x/events/1', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: '1', namespace },
    reason: 'Failed',
    message: 'pull failed',
    count: 4,
    lastTimestamp: '2026-01-01T00:00:00Z',
  });
  api.override = ({ path }) => (path.endsWith('/log') ? { body: 'line 1\nline 2\n' } : undefined);
});

afterEach(async () => {
  await client.close();
  await api.close();
});

test('a Deployment: its bad conditions, its events, its pods and their logs', async () => {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'x' };
  expect((await explainObject(client, ref)).split('\n')).toEqual([
    'Deployment x/web: Available is False: MinimumReplicasUnavailable: no minimum',
    'event of Deployment web: Failed: pull failed (4 times)',
    'Pod x/web-1 is Pending',
    'Pod x/web-1: container web: ErrImagePull: not found, restarted 3 times',
    'event of Pod web-1: Failed: pull failed (4 times)',
    'log of web-1: line 1',
    'log of web-1: line 2',
  ]);
  expect(api.seen.find(({ path }) => path.endsWith('/events'))?.query.fieldSelector).toBe(
    'involvedObject.kind=Deployment,involvedObject.name=web',
  );
  expect(api.seen.find(({ path }) => path.endsWith('/pods'))?.query.labelSelector).toBe('app=web');
});

test('what is not there', async () => {
  expect(await explainObject(client, { apiVersion: 'v1', kind: 'Pod', name: 'no', namespace: 'x' })).toBe(
    'Pod x/no does not exist',
  );
  expect(await explainPods(client, 'y', 'app=no')).toBe('no pod app=no in y');
});
