import type { Facts } from '#src/facts/facts.ts';
import { type StepDraft, step, tagged } from '#src/role/step.ts';
import { nodeLabels } from './actions/node-labels.ts';
import { nodeTaints } from './actions/node-taints.ts';
import type { K3sVars } from './vars.ts';

/** Labels and taints of the Node. A machine that never had K3s has none of ours to lose: then there is nothing to do where none is wanted. */
export function nodeSteps(node: string, { nodeLabels: labels, nodeTaints: taints }: K3sVars, { k3s }: Facts): StepDraft[] {
  const isNew = k3s.version === undefined;
  return tagged('node', [
    ...(isNew && Object.keys(labels).length === 0 ? [] : [step(nodeLabels(node, labels))]),
    ...(isNew && taints.length === 0 ? [] : [step(nodeTaints(node, taints))]),
  ]);
}
