import { expect, it } from 'vitest';
import type { NodeObject } from './node.ts';
import { formatTaint, parseTaint, TAINTS_ANNOTATION, taintChange, wantedTaints } from './taints.ts';

const node = (taints: string[], lastSet = ''): NodeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', annotations: lastSet ? { [TAINTS_ANNOTATION]: lastSet } : {} },
  spec: { taints: taints.map(parseTaint) },
});

const FOREIGN = 'node.kubernetes.io/not-ready:NoSchedule';

it.each([
  ['nothing at all', [], '', [], []],
  ['a new one beside a foreign one', [FOREIGN], '', ['a=1:NoSchedule'], [FOREIGN, 'a=1:NoSchedule']],
  ['one that was registered with the node', ['a=1:NoSchedule'], '', ['a=1:NoSchedule'], ['a=1:NoSchedule']],
  ['another value', ['a=1:NoSchedule', FOREIGN], 'a=1:NoSchedule', ['a=2:NoSchedule'], ['a=2:NoSchedule', FOREIGN]],
  ['another effect', ['a:NoSchedule'], 'a:NoSchedule', ['a:NoExecute'], ['a:NoExecute']],
  ['one of ours goes', ['a:NoSchedule', FOREIGN], 'a:NoSchedule', [], [FOREIGN]],
  ['one that was never ours stays', ['a:NoSchedule'], '', [], ['a:NoSchedule']],
])('taints: %s', (_, present, lastSet, wanted, expected) => {
  expect(wantedTaints(node(present, lastSet), wanted).map(formatTaint)).toEqual(expected);
});

it('is done once the node has them and they are known to be ours', () => {
  expect(taintChange(node([FOREIGN]), [])).toBe('done');
  expect(taintChange(node([FOREIGN, 'a:NoSchedule'], 'a:NoSchedule'), ['a:NoSchedule'])).toBe('done');
  expect(taintChange(node(['a:NoSchedule']), ['a:NoSchedule'])).toEqual({
    action: 'update',
    fields: [{ field: 'set by picluster', before: undefined, after: 'a:NoSchedule' }],
  });
});
