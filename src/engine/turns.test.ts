import { setImmediate as settled } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

it('lets so many in at once, the others in their order, and forgets who left the line', async () => {
  const turns = new Turns(2);
  const leave = new AbortController();
  const log: string[] = [];
  const enter = async (name: string, signal = never): Promise<() => void> => {
    const done = await turns.take(signal);
    log.push(name);
    return done;
  };
  const [first, second] = [await enter('a'), await enter('b')];
  const third = enter('c');
  const impatient = enter('d', leave.signal).catch((error: Error) => log.push(`d: ${error.message}`));
  const last = enter('e');
  leave.abort(new Error('enough'));
  await impatient;
  expect(log).toEqual(['a', 'b', 'd: enough']);
  first();
  await third;
  await settled();
  expect(log.at(-1)).toBe('c');
  second();
  await last;
  expect(log.at(-1)).toBe('e');
});
