import { expect, test } from 'vitest';
import type { KubeObject } from './client.ts';
import { rolloutLack } from './rollout.ts';

const available = [{ type: 'Available', status: 'True' }];
const deployment = (status: object, spec: object = { replicas: 2 }): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', generation: 3 },
  spec,
  status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2, conditions: available, ...status },
});

test.each<[KubeObject | undefined, string | undefined]>([
  [undefined, 'it does not exist'],
  [deployment({}), undefined],
  [deployment({ observedGeneration: 2 }), 'its last change has not been seen yet'],
  [deployment({ observedGeneration: undefined }), 'its last change has not been seen yet'],
  [deployment({ updatedReplicas: 1 }), '1 of 2 pods are of its last version'],
  [deployment({ replicas: 3 }), '1 pods of an older version are still there'],
  [deployment({ availableReplicas: 0 }), '0 of 2 pods are available'],
  [deployment({ conditions: [] }), 'it is not Available'],
  [deployment({ replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, {}), undefined],
  [deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0, conditions: [] }, { replicas: 0 }), undefined],
])('case %#', (object, lack) => {
  expect(rolloutLack(object)).toBe(lack);
});
