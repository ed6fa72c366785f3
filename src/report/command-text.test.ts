import { expect, it } from 'vitest';
import type { StampedEvent } from '#src/engine/events.ts';
import { commandText } from './command-text.ts';

type Start = Extract<StampedEvent, { type: 'run.start' }>;

it.each([
  [{ command: 'plan' }, 'plan'],
  [
    {
      command: 'apply',
      asked: { limit: 'n1', roles: ['os', 'time'], steps: [], tags: ['ssh'], set: ['os.swap'], inventory: 'x' },
    },
    'apply --limit n1 --role os,time --tags ssh --set os.swap',
  ],
  [{ command: 'bootstrap', resumes: '20261121T080000-00aa' }, 'bootstrap --resume 20261121T080000-00aa'],
])('%j is %s', (start, text) => expect(commandText(start as unknown as Start)).toBe(text));
