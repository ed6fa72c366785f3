import { describe, expect, it } from 'vitest';
import type { Change } from '#src/resource/kind.ts';
import { planFooter } from './footer.ts';

const change = (more: Partial<Change> = {}) => ({ host: 'n1', change: { action: 'update', fields: [], ...more } as Change });

describe('planFooter', () => {
  it('says that there is nothing to do', () => {
    expect(planFooter({ changes: [], steps: 3, lost: [] })).toBe('0 changes (3 steps are as they should be)\n');
  });

  it('names few hosts and counts many', () => {
    const changes = Array.from({ length: 300 }, (_, index) => ({ ...change(), host: `n${index}` }));
    expect(planFooter({ changes: changes.slice(0, 2), steps: 2, lost: [] })).toMatch(/^2 changes on n0, n1;/);
    expect(planFooter({ changes, steps: 300, lost: [] })).toMatch(/^300 changes on 300 hosts;/);
  });

  it('counts what is known only on the way, what destroys, and names who was not seen', () => {
    const changes = [change(), change({ knownAfter: 'r/a@n1' }), change({ destructive: 'its content is lost' })];
    expect(planFooter({ changes, steps: 5, lost: ['n2'] }).split('\n')).toEqual([
      '3 changes on n1; 2 steps are as they should be',
      '1 of them are known only after an earlier step, and may be right by then; the other 2 are certain',
      '1 of them is DESTRUCTIVE',
      'not seen: n2',
      '',
    ]);
  });
});
