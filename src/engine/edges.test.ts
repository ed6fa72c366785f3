import { describe, expect, it } from 'vitest';
import { file } from '#src/resource/file.ts';
import type { ExtraEdge } from '#src/role/edge.ts';
import { parallel, type StepDraft, step } from '#src/role/step.ts';
import { buildGraph } from './graph.ts';

const draft = (name: string): StepDraft => step(file({ path: `/${name}`, content: '' }), { name });
const lists = (...hosts: string[]) =>
  hosts.flatMap((host) => [
    { host, role: 'a', list: [draft('a1'), parallel([draft('a2'), draft('a3')])] },
    { host, role: 'b', list: [draft('b1'), draft('b2')] },
  ]);
const end = (text: string): ExtraEdge['from'] => {
  const [what = '', host] = text.split('@');
  const [role = '', name] = what.split('/');
  return { role, step: name, hosts: host === undefined ? undefined : [host] };
};
const graphWith = (from: string, to: string, ...hosts: string[]) =>
  buildGraph(lists(...hosts), [{ from: end(from), to: end(to) }]);
const afterOf = (graph: ReturnType<typeof buildGraph>, ref: string) => graph.steps.get(ref)?.after;

describe('edges of the operator', () => {
  it('between roles of two hosts: the first waits for the last', () => {
    const graph = graphWith('a', 'a@n1', 'n1', 'n2');
    expect(afterOf(graph, 'a/a1@n2')).toEqual(['a/a2@n1', 'a/a3@n1']);
    expect(afterOf(graph, 'a/a2@n2')).toEqual(['a/a1@n2']);
  });

  it('between two steps of one host', () => {
    const graph = graphWith('a/a2', 'a/a3', 'n1');
    expect(afterOf(graph, 'a/a2@n1')).toEqual(['a/a1@n1', 'a/a3@n1']);
    expect(graph.byHost.get('n1')?.map(({ name }) => name)).toEqual(['a1', 'a3', 'a2', 'b1', 'b2']);
  });

  it('to a host that is not in the graph is told as outside', () => {
    expect(graphWith('b', 'a@n9', 'n1').outside).toEqual([{ from: 'b/b1@n1', to: 'a/*@n9' }]);
  });

  it('against the order of the roles is a cycle', () => {
    expect(() => graphWith('a', 'b', 'n1')).toThrow('steps wait for each other');
  });

  it('to a step that the role does not have names those it has', () => {
    expect(() => graphWith('b', 'a/a9', 'n1')).toThrow("names a/a9; the role's steps are a1, a2, a3");
  });

  it('adds nothing where a host does not play the role', () => {
    expect(graphWith('b', 'c', 'n1').outside).toEqual([]);
  });
});
