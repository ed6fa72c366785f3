import { expect, test } from 'vitest';
import type { KubeObject } from '#src/kube/client.ts';
import { progressOf, shortRevision } from './readiness.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const AT = `main@sha1:${COMMIT}`;
const ready = (status: string, reason = '', message = '') => [{ type: 'Ready', status, reason, message }];
const object = (kind: string, status: object, spec: object = {}): KubeObject => ({
  apiVersion: 'x/v1',
  kind,
  metadata: { name: 'a', namespace: 'f', generation: 2 },
  spec,
  status: { observedGeneration: 2, ...status },
});
const source = (status: object, spec?: object) =>
  object('GitRepository', { conditions: ready('True'), artifact: { revision: AT }, ...status }, spec);
const root = (status: object) => object('Kustomization', { conditions: ready('True'), lastAppliedRevision: AT, ...status });

test.each<[string, KubeObject | undefined, string, string | RegExp]>([
  ['not there', undefined, 'waiting', /does not exist/],
  ['at the commit', source({}), 'ready', AT],
  ['root at the commit', root({}), 'ready', AT],
  ['an older generation', source({ observedGeneration: 1 }), 'waiting', /has not seen it/],
  ['Flux says -1 before its first look', source({ observedGeneration: -1 }), 'waiting', /has not seen it/],
  ['without a condition', root({ conditions: [] }), 'waiting', /no condition Ready/],
  [
    'under way',
    root({ conditions: ready('Unknown', 'Progressing', 'Reconciliation in progress') }),
    'reconciling',
    /in progress/,
  ],
  [
    'broken',
    root({ conditions: ready('False', 'BuildFailed', 'no such file') }),
    'waiting',
    'Kustomization f/a: Ready is False: BuildFailed: no such file',
  ],
  [
    'ready at another commit',
    root({ lastAppliedRevision: `main@sha1:${'f'.repeat(40)}` }),
    'waiting',
    /is at main@sha1:f{12}, git is at 0123456789ab$/,
  ],
  ['ready without a revision', source({ artifact: undefined }), 'waiting', /no revision/],
  [
    'given up',
    source({ conditions: [...ready('False'), { type: 'Stalled', status: 'True', reason: 'URLInvalid' }] }),
    'stalled',
    /URLInvalid/,
  ],
  ['suspended', source({}, { suspend: true }), 'stalled', /suspended/],
])('%s', (_, live, state, said) => {
  const progress = progressOf(live, COMMIT);
  expect(progress.state).toBe(state);
  expect(progress.state === 'ready' ? progress.revision : progress.why).toMatch(
    said instanceof RegExp ? said : new RegExp(`^${said.replace(/[.*+?^$()|[\]\\]/g, '\\$&')}$`),
  );
});

test('without a commit to compare, Ready is believed', () => {
  expect(progressOf(source({ artifact: { revision: 'x@sha1:1' } }), undefined).state).toBe('ready');
});

test.each([
  [AT, 'main@sha1:0123456789ab'],
  ['v1.2.3', 'v1.2.3'],
])('%s is short %s', (revision, short) => {
  expect(shortRevision(revision)).toBe(short);
});
