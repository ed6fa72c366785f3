import { EXIT } from '#src/errors.ts';
import type { Board } from './board.ts';

export interface RunResult {
  readonly changed: number;
  readonly failed: number;
  readonly notReached: number;
  readonly exitCode: number;
}

/** What a run came to, once every step has its outcome. */
export function resultOf(
  board: Board,
  { isInterrupted, isHostLost }: { isInterrupted: boolean; isHostLost: boolean },
): RunResult {
  return {
    changed: board.count('changed'),
    failed: board.count('failed'),
    notReached: board.count('not-reached'),
    exitCode: isInterrupted ? EXIT.interrupted : exitCodeOf(board, isHostLost),
  };
}

/** A lost host says most, then a failed step, then one whose verification failed. */
function exitCodeOf(board: Board, isHostLost: boolean): number {
  const codes = board.failureCodes;
  if (isHostLost || codes.has('E_HOST_LOST')) return EXIT.hostLost;
  if (codes.size === 0) return board.count('not-reached') > 0 ? EXIT.stepFailed : EXIT.done;
  return [...codes].every((code) => code === 'E_VERIFY') ? EXIT.verifyFailed : EXIT.stepFailed;
}
