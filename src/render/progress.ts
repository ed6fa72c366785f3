import { Listr, type ListrTaskWrapper } from 'listr2';
import type { StampedEvent } from '#src/engine/events.ts';
import { eventLines } from './events-to-text.ts';
import { formatDuration } from './units.ts';

interface HostTask {
  /** Set once listr2 has started the task. */
  output?: (text: string) => void;
  finish(): void;
  changed: number;
  startedAt: number;
  done: Promise<void>;
}

/** A line per host that says what is being done there, since when; finished steps scroll by above. */
export function progressRenderer(out: NodeJS.WriteStream, options: { showDiffs: boolean }) {
  const tasks = new Map<string, HostTask>();
  const failures: StampedEvent[] = [];
  let list: Promise<unknown> | undefined;

  const print = (event: StampedEvent): void => {
    for (const line of eventLines(event, options)) out.write(`${line}\n`);
  };

  const begin = (hosts: readonly string[]): void => {
    for (const host of hosts) tasks.set(host, newTask());
    const listr = new Listr(
      [...tasks].map(([host, task]) => ({
        title: host,
        task: async (_context: unknown, wrapper: ListrTaskWrapper<unknown, never, never>) => {
          task.output = (text) => {
            wrapper.output = text;
          };
          await task.done;
          wrapper.title = `${host}: ${task.changed} changed (${formatDuration(Date.now() - task.startedAt)})`;
        },
        rendererOptions: { outputBar: 1, persistentOutput: false },
      })) as never,
      { concurrent: true, exitOnError: false, rendererOptions: { collapseSubtasks: false, removeEmptyLines: false } as never },
    );
    list = listr.run();
  };

  const flush = async (): Promise<void> => {
    for (const task of tasks.values()) task.finish();
    await list;
    for (const event of failures.splice(0)) print(event);
    tasks.clear();
  };

  return {
    onEvent(event: StampedEvent): void {
      if (event.type === 'host.work') {
        begin(event.hosts);
        return;
      }
      const task = 'host' in event && event.host ? tasks.get(event.host) : undefined;
      if (!task) print(event);
      else if (event.type === 'step.start') task.output?.(event.title);
      else if (event.type === 'step.output') task.output?.(event.text);
      else if (event.type === 'host.waiting') task.output?.(`waiting for ${event.for}`);
      else if (event.type === 'step.end' && event.status === 'changed') task.changed += 1;
      else if (event.type === 'step.end' && event.status === 'failed') failures.push(event);
      else if (event.type === 'host.done') task.finish();
    },
    flush,
    close: flush,
  };
}

function newTask(): HostTask {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { finish: resolve, changed: 0, startedAt: Date.now(), done: promise };
}
