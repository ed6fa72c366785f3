import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineKind } from '#src/resource/kind.ts';
import { defineAction } from '#src/role/action.ts';
import { parallel, type StepDraft, step, stepRef } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';
import { buildGraph } from './graph.ts';

const note = defineKind({
  name: 'note',
  schema: z.strictObject({ id: z.string(), text: z.string().default(''), inputs: z.string().optional() }),
  id: (spec) => spec.id,
  probe: () => sh`true`,
  parse: () => ({}),
  diff: () => undefined,
  apply: () => ({ script: sh`true` }),
  fingerprint: (spec) => spec.text,
});

const draft = (id: string, text = '', options: Omit<StepDraft, 'work'> = {}): StepDraft => step(note({ id, text }), options);
const edges = (graph: ReturnType<typeof buildGraph>): Record<string, readonly string[]> =>
  Object.fromEntries([...graph.steps].map(([ref, { after }]) => [ref, after]));

describe('buildGraph', () => {
  it('chains a list, lets parallel entries loose, and chains the next role to the last entry', () => {
    const graph = buildGraph([
      { host: 'n1', role: 'a', list: [draft('one'), parallel([draft('two'), draft('three')]), draft('four')] },
      { host: 'n1', role: 'b', list: [draft('five')] },
    ]);
    expect(edges(graph)).toEqual({
      'a/note:one@n1': [],
      'a/note:two@n1': ['a/note:one@n1'],
      'a/note:three@n1': ['a/note:one@n1'],
      'a/note:four@n1': ['a/note:two@n1', 'a/note:three@n1'],
      'b/note:five@n1': ['a/note:four@n1'],
    });
  });

  it('merges equal resources of two roles and keeps the edges', () => {
    const graph = buildGraph([
      { host: 'n1', role: 'a', list: [draft('same', 'x')] },
      { host: 'n1', role: 'b', list: [draft('same', 'x'), draft('next')] },
    ]);
    expect(edges(graph)).toEqual({ 'a/note:same@n1': [], 'b/note:next@n1': ['a/note:same@n1'] });
  });

  it('refuses conflicting resources, naming both roles', () => {
    const lists = [
      { host: 'n1', role: 'a', list: [draft('same', 'x')] },
      { host: 'n1', role: 'b', list: [draft('same', 'y')] },
    ];
    expect(() => buildGraph(lists)).toThrow(/b\/note:same@n1 wants note same otherwise than a\/note:same@n1 \(roles b and a\)/);
  });

  it('gives a restarting step a digest of its inputs that changes with them', () => {
    const digest = (text: string): unknown => {
      const input = draft('input', text);
      const graph = buildGraph([{ host: 'n1', role: 'a', list: [input, draft('service', '', { restartOn: [input] })] }]);
      const work = graph.steps.get('a/note:service@n1')?.work;
      return work?.type === 'resource' ? (work.spec as { inputs?: string }).inputs : undefined;
    };
    expect(digest('x')).toMatch(/^[0-9a-f]{64}$/);
    expect(digest('x')).toBe(digest('x'));
    expect(digest('x')).not.toBe(digest('y'));
  });

  it('keeps edges to hosts that are not there, and refuses edges to steps that do not exist', () => {
    const far = draft('one', '', { after: [stepRef('a', 'note:ready', 'n9')] });
    expect(buildGraph([{ host: 'n1', role: 'a', list: [far] }]).outside).toEqual([
      { from: 'a/note:one@n1', to: 'a/note:ready@n9' },
    ]);
    const wrong = draft('one', '', { after: [stepRef('a', 'note:ready', 'n1')] });
    expect(() => buildGraph([{ host: 'n1', role: 'a', list: [wrong] }])).toThrow(
      /waits for a\/note:ready@n1, which does not exist/,
    );
  });

  it('finds a cycle over two hosts and shows it', () => {
    const wait = (name: string, other: string) =>
      step(
        defineAction({
          name,
          title: name,
          planned: { action: 'run', fields: [] },
          check: async () => 'done',
          run: async () => {},
        }),
        { after: [other] },
      );
    const lists = [
      { host: 'n1', role: 'a', list: [wait('x', 'a/y@n2')] },
      { host: 'n2', role: 'a', list: [wait('y', 'a/x@n1')] },
    ];
    expect(() => buildGraph(lists)).toThrow('a/x@n1 -> a/y@n2 -> a/x@n1');
  });
});
