import { expect, it } from 'vitest';
import { ApiUnavailableError, HostLostError } from '#src/errors.ts';
import type { KubeObject } from '#src/kube/client.ts';
import { KubeError } from '#src/kube/errors.ts';
import type { ActionContext } from '#src/role/action.ts';
import { testCluster } from '../testing.ts';
import { apiReady } from './actions/api-ready.ts';
import { noOtherCluster } from './actions/no-other-cluster.ts';
import { nodeReady } from './actions/node-ready.ts';
import { nodeTaints } from './actions/node-taints.ts';
import { TAINTS_ANNOTATION } from './taints.ts';

const cluster = testCluster({ n1: { roles: ['k3s-server'] }, n2: { roles: ['k3s-server'] } });

interface Fakes {
  kube?: object;
  /** Exit status and output by host; a host that is missing is not connected. */
  shells?: Record<string, [exitCode: number, stdout?: string]>;
}

function contextOf({ kube, shells = {} }: Fakes): ActionContext & { facts: string[]; scripts: string[] } {
  const facts: string[] = [];
  const scripts: string[] = [];
  const shell = async (name: string) => {
    const answer = shells[name];
    if (!answer) throw new HostLostError(`${name} is not connected in this run`);
    return {
      requests: 0,
      close: async () => {},
      run: async ({ script }: { script: unknown }) => {
        scripts.push(`${name}: ${script}`);
        return { exitCode: answer[0], stdout: Buffer.from(answer[1] ?? ''), stderr: Buffer.from(''), dropped: 0, durationMs: 0 };
      },
    };
  };
  return {
    host: cluster.host('n1'),
    cluster,
    signal: new AbortController().signal,
    report: (fact: string) => void facts.push(fact),
    kube: async () => {
      if (!kube) throw new ApiUnavailableError('no API yet');
      return kube;
    },
    shell,
    facts,
    scripts,
  } as unknown as ActionContext & { facts: string[]; scripts: string[] };
}

const OTHERS = [{ name: 'n2', address: '10.0.0.12' }];

it.each([
  ['the other server has no data', { n1: [1], n2: [1] }, 'done'],
  ['the other server is not in this run, and its port is silent', { n1: [7] }, 'done'],
] as const)('may found a cluster: %s', async (_, shells, answer) => {
  expect(await noOtherCluster(OTHERS).check(contextOf({ shells: shells as never }))).toBe(answer);
});

it.each([
  ['the other server has data', { n1: [1], n2: [0] }],
  ['the other server is not in this run, and answers', { n1: [0] }],
] as const)('refuses to found a second cluster: %s', async (_, shells) => {
  await expect(noOtherCluster(OTHERS).check(contextOf({ shells: shells as never }))).rejects.toMatchObject({
    code: 'E_REFUSED',
    hint: 'set k3s.initServer: n2',
  });
});

it('the API is ready when it says so', async () => {
  expect(await apiReady(1).check(contextOf({ kube: { ready: async () => true } }))).toBe('done');
  expect(await apiReady(1).check(contextOf({ kube: { ready: async () => false } }))).toBe('later');
  await expect(apiReady(1).check(contextOf({}))).rejects.toBeInstanceOf(ApiUnavailableError);
});

it('an API that never comes is explained by the log of the server', async () => {
  const context = contextOf({ shells: { n1: [0, 'etcd: disk full'] } });
  await expect(apiReady(0.01).run(context)).rejects.toMatchObject({
    message: 'waited 0.01 s until the Kubernetes API is ready: no API yet',
    output: 'etcd: disk full',
  });
});

const node = (more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', resourceVersion: '7' },
  status: { nodeInfo: { kubeletVersion: 'v1' }, conditions: [{ type: 'Ready', status: 'False', message: 'no CNI' }] },
  ...more,
});

it('a Node that does not get Ready is explained by its conditions and the log of its unit', async () => {
  const context = contextOf({ kube: { get: async () => node() }, shells: { n1: [0, 'cni: not initialized'] } });
  const options = { node: 'n1', unit: 'k3s', version: 'v1', mustBeReady: true, timeoutSeconds: 0.01 };
  expect(await nodeReady(options).check(context)).toBe('later');
  await expect(nodeReady(options).run(context)).rejects.toMatchObject({
    message: 'waited 0.01 s until n1 is Ready: it is not Ready: no CNI',
    output: 'Ready=False no CNI\ncni: not initialized',
  });
  expect(await nodeReady({ ...options, mustBeReady: false }).check(context)).toBe('done');
});

it('taints are patched against what was looked at, again when it has changed', async () => {
  const patches: unknown[] = [];
  const conflict = new KubeError('changed meanwhile', 409, 'Conflict');
  const kube = {
    get: async () => node({ spec: { taints: [{ key: 'other', effect: 'NoSchedule' }] } }),
    patch: async (_: unknown, patch: unknown) => {
      patches.push(patch);
      if (patches.length === 1) throw conflict;
    },
  };
  await nodeTaints('n1', ['a=1:NoSchedule']).run(contextOf({ kube }));
  expect(patches).toHaveLength(2);
  expect(patches[1]).toEqual({
    metadata: { resourceVersion: '7', annotations: { [TAINTS_ANNOTATION]: 'a=1:NoSchedule' } },
    spec: {
      taints: [
        { key: 'other', effect: 'NoSchedule' },
        { key: 'a', value: '1', effect: 'NoSchedule' },
      ],
    },
  });
});
