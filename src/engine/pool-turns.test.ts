import { expect, it } from 'vitest';
import { Board } from './board.ts';
import type { Graph, Step } from './graph.ts';
import { PoolTurns } from './pool-turns.ts';

const never = new AbortController().signal;
const step = (ref: string, pool?: string) => ({ ref, pool }) as Step;
const graph = {
  byHost: new Map([
    ['n1', [step('os/reboot@n1', 'reboot'), step('k3s/started@n1', 'etcd')]],
    ['n2', [step('k3s/started@n2', 'etcd')]],
  ]),
} as unknown as Graph;

/** n1 takes its turn among etcd members for its reboot, which ends so. */
async function afterReboot(status: 'changed' | 'failed'): Promise<string | undefined> {
  const board = new Board();
  const [n1, n2] = [new PoolTurns('n1', graph, board), new PoolTurns('n2', graph, board)];
  await n1.enter('reboot', 'os/reboot@n1', never);
  await n1.enter('etcd', 'os/reboot@n1', never);
  const waiting = n2.enter('etcd', 'k3s/started@n2', never);
  board.settle('os/reboot@n1', { status });
  if (status === 'changed') n1.leave('etcd');
  n1.leaveFinished();
  return waiting;
}

it('a turn that was taken for a reboot is given up after it, though steps of the pool are still to come', async () => {
  expect(await afterReboot('changed')).toBeUndefined();
});

it('a machine that failed to reboot lets no other member of its pools go', async () => {
  expect(await afterReboot('failed')).toContain('os/reboot@n1 failed');
});
