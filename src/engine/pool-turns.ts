import type { StepRef } from '#src/role/step.ts';
import type { Board } from './board.ts';
import type { Graph, Step } from './graph.ts';

/** A host's turns in pools: taken at its first step that has something to do, kept until its last step of the pool has ended. */
export class PoolTurns {
  readonly #host: string;
  readonly #graph: Graph;
  readonly #board: Board;
  readonly #held = new Map<string, (failed?: StepRef) => void>();

  constructor(host: string, graph: Graph, board: Board) {
    this.#host = host;
    this.#graph = graph;
    this.#board = board;
  }

  /** Waits for the turn. Resolves to the reason when the pool is closed. */
  async enter(pool: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.#held.has(pool)) return undefined;
    const turn = await this.#board.enter(pool, signal);
    if (!turn.go) return turn.reason;
    this.#held.set(pool, turn.release);
    return undefined;
  }

  /** Gives up the turns whose steps have all ended, or one of which has failed. */
  leaveFinished(): void {
    for (const [pool, release] of this.#held) {
      const members = this.#members(pool);
      const failed = members.find((step) => this.#board.outcome(step.ref)?.status === 'failed');
      if (!failed && members.some((step) => !this.#board.has(step.ref))) continue;
      release(failed?.ref);
      this.#held.delete(pool);
    }
  }

  leaveAll(): void {
    this.leaveFinished();
    for (const release of this.#held.values()) release();
    this.#held.clear();
  }

  #members(pool: string): Step[] {
    return (this.#graph.byHost.get(this.#host) ?? []).filter((step) => step.pool === pool);
  }
}
