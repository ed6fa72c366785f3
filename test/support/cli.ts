import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { StampedEvent } from '#src/engine/events.ts';
import { parseEvent } from '#src/engine/testing/parse-event.ts';

/** The real command line as a child, with a state directory of its own: known hosts, kubeconfig cache and journals of one test file. */
export class Cli {
  readonly stateHome = mkdtempSync(join(tmpdir(), 'picluster-test-state-'));
  readonly cluster: string;
  /** What starts it: a command and its first arguments, `unshare --mount`. */
  wrapper: readonly string[] = [];

  constructor(cluster: string) {
    this.cluster = cluster;
  }

  /** Starts `picluster COMMAND -C cluster ARGS`. Never throws on a bad exit. */
  start(command: string, args: readonly string[] = []) {
    const [program, ...words] = [...this.wrapper, process.execPath, 'bin/picluster.js', command, '-C', this.cluster, ...args];
    return execa(program!, words, {
      reject: false,
      all: true,
      env: { XDG_STATE_HOME: this.stateHome },
      timeout: 600_000,
    });
  }

  async run(
    command: string,
    args: readonly string[] = [],
  ): Promise<{ exitCode: number; all: string; stdout: string; stderr: string; durationMs: number }> {
    const { exitCode = -1, all, stdout, stderr, durationMs } = await this.start(command, args);
    return { exitCode, all, stdout, stderr, durationMs };
  }

  /** Runs with `--output json` and returns the events too. */
  async events(
    command: string,
    args: readonly string[] = [],
  ): Promise<{ exitCode: number; events: StampedEvent[]; all: string; durationMs: number }> {
    const { exitCode, stdout, all, durationMs } = await this.run(command, [...args, '--output', 'json']);
    return { exitCode, events: parseEvents(stdout), all, durationMs };
  }
}

const parseEvents = (ndjson: string): StampedEvent[] =>
  ndjson
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(parseEvent);

export const manifestScript = (): string => readFileSync(new URL('manifest.sh', import.meta.url), 'utf8');
