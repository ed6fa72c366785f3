import { expect, it } from 'vitest';
import { buildGraph } from '#src/engine/graph.ts';
import { planOf } from '#src/engine/plan.ts';
import { file } from '#src/resource/file.ts';
import { step } from '#src/role/step.ts';
import { skippedLines } from './skipped.ts';

const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
const list = names.map((name) => step(file({ path: `/etc/${name}`, content: name }), { name }));
const skipped = [...buildGraph([{ host: 'n1', role: 'os', list }]).steps.values()].map((one) => ({
  step: one,
  observed: undefined,
  change: one.name === 'f9' ? undefined : { action: 'update' as const, fields: [] },
}));

it('says nothing when nothing was left out', () => {
  expect(skippedLines(planOf([]), { hosts: [], nameAll: false })).toEqual([]);
});

it('counts what was left out, and names the first of what would change', () => {
  const lines = skippedLines(planOf([], skipped), { hosts: ['n2'], nameAll: false });
  expect(lines.slice(0, 3)).toEqual([
    'hosts not chosen, and not looked at: n2',
    'steps not chosen: 10, of which 9 would change',
    '  skipped os/f0@n1: update',
  ]);
  expect(lines.at(-1)).toBe('  and 1 more (--show-skipped names them)');
  expect(lines).toHaveLength(11);
});

it('names all on request', () => {
  const lines = skippedLines(planOf([], skipped), { hosts: [], nameAll: true });
  expect(lines.filter((line) => line.startsWith('  skipped'))).toHaveLength(9);
});
