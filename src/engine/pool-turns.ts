import type { StepRef } from '#src/role/step.ts';
import type { Board } from './board.ts';
import type { Graph, Step } from './graph.ts';

/** A host's turns in pools: taken at its first step that has something to do, kept until its last step of the pool has ended. */
export class PoolTurns {
  readonly #host: string;
  readonly #graph: Graph;
  readonly #board: Board;
  readonly #held = new Map<string, { release(failed?: StepRef): void; by: StepRef }>();

  constructor(host: string, graph: Graph, board: Board) {
    this.#host = host;
    this.#graph = graph;
    this.#board = board;
  }

  has(pool: string): boolean {
    return this.#held.has(pool);
  }

  /** Waits for the turn, for this step. Resolves to the reason when the pool is closed. */
  async enter(pool: string, by: StepRef, signal: AbortSignal): Promise<string | undefined> {
    if (this.#held.has(pool)) return undefined;
    const turn = await this.#board.enter(pool, signal);
    if (!turn.go) return turn.reason;
    this.#held.set(pool, { release: turn.release, by });
    return undefined;
  }

  /** Gives up the turns whose steps have all ended, or one of which has failed. */
  leaveFinished(): void {
    for (const [pool, { release, by }] of this.#held) {
      const members = this.#members(pool);
      const failed = [...members.map(({ ref }) => ref), by].find((ref) => this.#board.outcome(ref)?.status === 'failed');
      if (!failed && members.some((step) => !this.#board.has(step.ref))) continue;
      release(failed);
      this.#held.delete(pool);
    }
  }

  /** Gives one up for now, though steps of it are still to come. */
  leave(pool: string): void {
    this.#held.get(pool)?.release();
    this.#held.delete(pool);
  }

  leaveAll(): void {
    this.leaveFinished();
    for (const { release } of this.#held.values()) release();
    this.#held.clear();
  }

  #members(pool: string): Step[] {
    return (this.#graph.byHost.get(this.#host) ?? []).filter((step) => step.pool === pool);
  }
}
