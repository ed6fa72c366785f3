import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StepFailedError, TimeoutError } from '#src/errors.ts';
import type { KubeClient, KubeObject } from '#src/kube/client.ts';
import { connectKube } from '#src/kube/kube-client.ts';
import { FakeApi, type Seen } from '#src/kube/testing/fake-api.ts';
import type { Action, ActionContext } from '#src/role/action.ts';
import { fluxSteps } from './handoff.ts';
import { clusterWith } from './testing/cluster.ts';

const IN_FLUX = 'namespaces/flux-system';
const SOURCE_PATH = `/apis/source.toolkit.fluxcd.io/v1/${IN_FLUX}/gitrepositories/flux-system`;
const ROOT_PATH = `/apis/kustomize.toolkit.fluxcd.io/v1/${IN_FLUX}/kustomizations/cluster`;
const DEPLOYMENT_PATH = `/apis/apps/v1/${IN_FLUX}/deployments/source-controller`;
const REVISION = `main@sha1:${'a'.repeat(40)}`;
const INSTALL = `apiVersion: apps/v1
kind: Deployment
metadata: {name: source-controller, namespace: flux-system}
spec: {replicas: 1}
`;

let api: FakeApi;
let client: KubeClient;
let facts: string[];
let context: ActionContext;

beforeEach(async () => {
  api = new FakeApi();
  api.resources['/apis/source.toolkit.fluxcd.io/v1'] = [['GitRepository', 'gitrepositories', true]];
  api.resources['/apis/kustomize.toolkit.fluxcd.io/v1'] = [['Kustomization', 'kustomizations', true]];
  client = connectKube({ kubeconfig: api.kubeconfig(), port: { port: await api.listen() } });
  facts = [];
  context = {
    host: undefined as never,
    cluster,
    shell: async () => undefined as never,
    kube: async () => client,
    report: (fact) => void facts.push(fact),
    signal: new AbortController().signal,
  };
});

afterEach(async () => {
  await client.close();
  await api.close();
});

// Nobody listens there: git cannot be asked from here, and Flux is believed.
const cluster = clusterWith({ url: 'http://127.0.0.1:1/cluster.git', auth: 'token' }, { 'git.token': 'token' });
const steps = (timeoutMs = 5000): Map<string, Action> =>
  new Map(fluxSteps(cluster, async () => INSTALL, { timeoutMs }).map((action) => [action.name, action]));

const setStatus = (path: string, status: object): void => {
  const object = api.objects.get(path) as KubeObject;
  api.objects.set(path, {
    ...object,
    status: { observedGeneration: object.metadata.generation ?? 0, ...(object.status as object), ...status },
  });
};
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };

/** Controllers that act on everything at once. */
const controllers = ({ method, path }: Seen): undefined => {
  if (method !== 'GET' || !api.objects.has(path)) return undefined;
  if (path === DEPLOYMENT_PATH) {
    const conditions = [{ type: 'Available', status: 'True' }];
    setStatus(path, { replicas: 1, updatedReplicas: 1, availableReplicas: 1, conditions });
  }
  const requested = api.objects.get(path)?.metadata.annotations?.['reconcile.fluxcd.io/requestedAt'];
  if (path === SOURCE_PATH) setStatus(path, { ...ready, artifact: { revision: REVISION }, lastHandledReconcileAt: requested });
  if (path === ROOT_PATH) setStatus(path, { ...ready, lastAppliedRevision: REVISION });
  return undefined;
};

test('a cluster without GitOps has no steps', () => {
  expect(fluxSteps({ ...cluster, gitops: undefined }, async () => INSTALL)).toEqual([]);
});

test('what is not there yet is later, or to be created', async () => {
  const checks = await Promise.all(
    [...steps().values()].map(async (action) => [action.name, await action.check(context)] as const),
  );
  expect(Object.fromEntries(checks)).toMatchObject({
    'flux-install': {
      action: 'create',
      fields: [{ field: 'Namespace flux-system' }, { field: 'Deployment flux-system/source-controller' }],
    },
    'flux-controllers': 'later',
    'flux-sync': { action: 'create' },
    'flux-ready': 'later',
  });
  expect(api.writes).toEqual([]);
});

test('handed over, each step is done, and a second run writes nothing', async () => {
  api.override = controllers;
  for (const action of steps().values()) {
    await action.run(context);
    expect(await action.check(context), action.name).toBe('done');
  }
  expect(facts).toContain('Deployment flux-system/source-controller is available');
  expect(facts).toContain('Kustomization is Ready at main@sha1:aaaaaaaaaaaa');
  expect(JSON.stringify(facts)).not.toContain('dG9rZW4');
  api.seen.length = 0;
  for (const action of steps().values()) expect(await action.check(context), action.name).toBe('done');
  expect(api.writes).toEqual([]);
});

describe('waiting for Flux', () => {
  beforeEach(async () => {
    api.override = controllers;
    for (const name of ['flux-install', 'flux-sync']) await steps().get(name)?.run(context);
    api.override = () => undefined;
  });

  test('without git at hand, only an answer to our own request counts', async () => {
    setStatus(SOURCE_PATH, { ...ready, artifact: { revision: 'main@sha1:old' }, lastHandledReconcileAt: 'earlier' });
    setStatus(ROOT_PATH, { ...ready, lastAppliedRevision: 'main@sha1:old' });
    const waiting = steps().get('flux-ready')?.run(context);
    await expect
      .poll(() => api.objects.get(SOURCE_PATH)?.metadata.annotations)
      .toHaveProperty(['reconcile.fluxcd.io/requestedAt']);
    api.override = controllers;
    await waiting;
    expect(facts).toContain('Kustomization is Ready at main@sha1:aaaaaaaaaaaa');
    expect(facts.join()).not.toContain('Ready at main@sha1:old');
  });

  test('a timeout shows the named condition', async () => {
    const conditions = [{ type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'no such file' }];
    api.override = (seen) => {
      controllers(seen);
      if (seen.path === ROOT_PATH) setStatus(ROOT_PATH, { conditions });
      return undefined;
    };
    const error = await steps(2_000)
      .get('flux-ready')
      ?.run(context)
      .catch((error) => error);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.output).toContain('Kustomization flux-system/cluster: Ready is False: BuildFailed: no such file');
    expect(facts).toContain('Kustomization flux-system/cluster: Ready is False: BuildFailed: no such file');
  });

  test('what Flux has given up is not waited for', async () => {
    const conditions = [{ type: 'Stalled', status: 'True', reason: 'URLInvalid', message: 'bad url' }];
    api.override = (seen) => {
      controllers(seen);
      if (seen.path === SOURCE_PATH) setStatus(SOURCE_PATH, { conditions });
      return undefined;
    };
    await expect(steps(60_000).get('flux-ready')?.run(context)).rejects.toThrow(StepFailedError);
  });

  test('a reconciliation under way ends before the check answers', async () => {
    let looks = 0;
    api.override = (seen) => {
      controllers(seen);
      if (seen.path === ROOT_PATH && ++looks < 4) setStatus(ROOT_PATH, { conditions: [{ type: 'Ready', status: 'Unknown' }] });
      return undefined;
    };
    expect(await steps().get('flux-ready')?.check(context)).toBe('done');
    expect(looks).toBe(4);
  });
});

test("what the root Kustomization has taken over is left to it; another owner's is refused", async () => {
  api.override = controllers;
  const all = steps();
  await all.get('flux-install')?.run(context);
  const label = (name: string): void => {
    const object = api.objects.get(DEPLOYMENT_PATH) as KubeObject;
    const labels = { 'kustomize.toolkit.fluxcd.io/name': name, 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
    api.put(DEPLOYMENT_PATH, { ...object, metadata: { ...object.metadata, labels } });
  };
  label('cluster');
  expect(await all.get('flux-install')?.check(context)).toBe('done');
  expect(facts).toContain('left to the Flux Kustomization flux-system/cluster: Deployment flux-system/source-controller');
  label('other');
  await expect(all.get('flux-install')?.check(context)).rejects.toMatchObject({ exitCode: 78 });
});
