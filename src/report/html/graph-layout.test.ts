import { expect, it } from 'vitest';
import { layoutGraph } from './graph-layout.ts';

const roles = (host: string, ...names: string[]) => names.map((role) => ({ host, role, steps: 1, pools: [] }));

it('draws equal hosts once, behind what they wait for', () => {
  const graph = {
    roles: [
      ...roles('n1', 'os', 'server'),
      ...roles('n2', 'os', 'server'),
      ...roles('n3', 'os', 'agent'),
      ...roles('n4', 'os', 'agent'),
    ],
    edges: [
      { from: 'os@n1', to: 'server@n1' },
      { from: 'server@n1', to: 'server@n2' },
      { from: 'server@n1', to: 'agent@n3' },
      { from: 'server@n1', to: 'agent@n4' },
    ],
  };
  const { classes, edges } = layoutGraph(graph);
  expect(classes.map(({ hosts, column }) => [hosts, column])).toEqual([
    [['n1'], 0],
    [['n2'], 1],
    [['n3', 'n4'], 1],
  ]);
  expect(edges).toEqual([
    { from: { host: 0, role: 1 }, to: { host: 1, role: 1 } },
    { from: { host: 0, role: 1 }, to: { host: 2, role: 1 } },
  ]);
});

it('ends where hosts wait for each other, and with nothing at all', () => {
  const graph = {
    roles: [...roles('n1', 'a', 'b'), ...roles('n2', 'c')],
    edges: [
      { from: 'a@n1', to: 'c@n2' },
      { from: 'c@n2', to: 'b@n1' },
    ],
  };
  expect(layoutGraph(graph).classes).toHaveLength(2);
  expect(layoutGraph({ roles: [], edges: [] })).toEqual({ classes: [], edges: [] });
});
