import { expect, it } from 'vitest';
import { Board } from './board.ts';
import type { Step } from './graph.ts';

const waitingFor = (...after: string[]): Step => ({ after }) as unknown as Step;
const never = new AbortController().signal;

it('clears a step once all it waits for has ended well', async () => {
  const board = new Board();
  const clearance = board.clearance(waitingFor('a@n1', 'b@n2'), never);
  board.settle('b@n2', { status: 'unchanged' });
  board.settle('a@n1', { status: 'changed' });
  expect(await clearance).toEqual({ go: true });
});

it.each(['failed', 'not-reached'] as const)('stops a step when one that it waits for is %s', async (status) => {
  const board = new Board();
  board.settle('a@n1', { status });
  expect(await board.clearance(waitingFor('a@n1'), never)).toMatchObject({ go: false, reason: expect.stringContaining('a@n1') });
});

it('stops waiting when aborted', async () => {
  const board = new Board();
  const controller = new AbortController();
  const clearance = board.clearance(waitingFor('a@n1'), controller.signal);
  controller.abort(new Error('enough'));
  await expect(clearance).rejects.toThrow('enough');
});

it('lets one into a pool at a time, in the order of asking', async () => {
  const board = new Board();
  const order: string[] = [];
  const first = await board.enter('etcd', never);
  const others = ['second', 'third'].map(async (name) => {
    const turn = await board.enter('etcd', never);
    order.push(name);
    if (turn.go) turn.release();
  });
  expect(order).toEqual([]);
  if (first.go) first.release();
  await Promise.all(others);
  expect(order).toEqual(['second', 'third']);
});

it('closes a pool after a failure, and says whose', async () => {
  const board = new Board();
  const first = await board.enter('etcd', never);
  if (first.go) first.release('k3s-server/join@n2');
  expect(await board.enter('etcd', never)).toMatchObject({ go: false, reason: expect.stringContaining('k3s-server/join@n2') });
});

it('gives the place of one who stopped waiting to the next', async () => {
  const board = new Board();
  const first = await board.enter('etcd', never);
  const controller = new AbortController();
  const second = board.enter('etcd', controller.signal);
  const third = board.enter('etcd', never);
  controller.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  if (first.go) first.release();
  expect(await third).toMatchObject({ go: true });
});

it('says whether a pool is taken', async () => {
  const board = new Board();
  expect(board.isTaken('etcd')).toBe(false);
  const turn = await board.enter('etcd', never);
  expect(board.isTaken('etcd')).toBe(true);
  if (turn.go) turn.release();
  await board.enter('other', never);
  expect(board.isTaken('etcd')).toBe(false);
});
