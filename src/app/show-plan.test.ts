import { expect, it } from 'vitest';
import type { PlanDocument } from '#src/plan/document.ts';
import { planLines } from './show-plan.ts';

const digest = '0'.repeat(64);
const plan: PlanDocument = {
  version: 1,
  madeAt: '2026-11-21T12:00:00.000Z',
  picluster: '0.1.0',
  cluster: 'home',
  release: 'v1.9',
  selection: { limit: 'n1', roles: ['os', 'time'], steps: ['package:curl,jq', 'file:*'], tags: [] },
  set: ['os.swapOff=false'],
  inventory: { digest, files: {} },
  secrets: { names: [], digest },
  hosts: { n1: { reached: true, facts: {} } },
  steps: [
    { step: 'os/a@n1', host: 'n1', title: 'a', desired: digest, observed: digest },
    {
      step: 'os/b@n1',
      host: 'n1',
      title: 'b',
      desired: digest,
      observed: digest,
      change: { action: 'delete', fields: [], diff: '-old\n', destructive: 'its content is lost', knownAfter: 'os/a@n1' },
    },
  ],
};

it('prints what it is for, how it was restricted, and a line a change', () => {
  expect(planLines(plan, true)).toEqual([
    'plan for home (release v1.9), made 2026-11-21T12:00:00.000Z by picluster 0.1.0',
    'restricted by --limit n1 --role os,time --step package:curl,jq --step file:* --set os.swapOff=false',
    '  - os/b@n1: delete [DESTRUCTIVE: its content is lost] [known after os/a@n1]',
    '      -old',
  ]);
  expect(planLines(plan, false)).not.toContain('      -old');
});
