import { Listr, type ListrTaskWrapper } from 'listr2';
import type { StampedEvent } from '#src/engine/events.ts';
import { paint } from './paint.ts';
import { type LineOptions, RunLines } from './run-lines.ts';
import { RunRows } from './run-rows.ts';

const REFRESH_MS = 250;
/** Kept free: what listr2 puts before the text, so that it wraps nothing, and the lines around it. */
const MARGIN = { columns: 6, lines: 3 };

/** On a terminal: lines until the hosts work, then a few rows that say where each of them is; what is to stay is printed once they have ended. */
export function progressRenderer(out: NodeJS.WriteStream, options: LineOptions) {
  const lines = new RunLines(options);
  const rows = new RunRows();
  const later: string[] = [];
  let live: Live | undefined;

  const flush = async (): Promise<void> => {
    await live?.end();
    live = undefined;
    for (const line of later.splice(0)) out.write(`${paint(line, out)}\n`);
  };

  return {
    onEvent(event: StampedEvent): void {
      rows.see(event);
      const said = lines.linesFor(event);
      if (event.type === 'host.work')
        live = new Live(
          () => rows.rows(Date.now(), roomOf(out)),
          () => rows.hasFailed,
        );
      // A changed step shows in the rows; the lines of all of them are in `picluster report`, or with --verbose.
      else if (live && !(event.type === 'step.end' && event.status === 'changed')) later.push(...said);
      else if (!live) for (const line of said) out.write(`${paint(line, out)}\n`);
    },
    flush,
    close: flush,
  };
}

const roomOf = ({ columns = 80, rows = 24 }: NodeJS.WriteStream) => ({
  columns: columns - MARGIN.columns,
  lines: Math.max(2, rows - MARGIN.lines),
});

/** Rows that are drawn again and again in the same place. */
class Live {
  readonly #finish: () => void;
  readonly #done: Promise<unknown>;

  constructor(rows: () => string[], hasFailed: () => boolean) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#finish = resolve;
    const task = async (_context: unknown, wrapper: ListrTaskWrapper<unknown, never, never>): Promise<void> => {
      const draw = (): void => {
        wrapper.title = rows().join('\n');
      };
      const timer = setInterval(draw, REFRESH_MS);
      try {
        await promise;
      } finally {
        clearInterval(timer);
        draw();
      }
      // How listr2 is told to end with a cross.
      if (hasFailed()) throw new Error('not all steps went well');
    };
    const list = new Listr([{ title: rows().join('\n'), task }] as never, {
      exitOnError: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
      // Ctrl-C is the run's own matter: it drains first.
      registerSignalListeners: false,
    });
    this.#done = list.run();
  }

  async end(): Promise<void> {
    this.#finish();
    await this.#done;
  }
}
