import { randomBytes } from 'node:crypto';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import type { Asked, EngineEvent } from '#src/engine/events.ts';
import { Journal, runName } from '#src/engine/journal.ts';
import { whoRuns } from '#src/engine/lock.ts';
import type { RunResult } from '#src/engine/run-result.ts';
import { EXIT } from '#src/errors.ts';
import { createRenderer, type OutputFormat, type Renderer } from '#src/render/renderer.ts';
import type { LineOptions } from '#src/render/run-lines.ts';
import { readJournal } from '#src/report/journals.ts';
import { reportOf } from '#src/report/report-of.ts';
import type { Part } from '#src/report/run-report.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { versionOfPackage } from './version.ts';

/** Where the events of one run go: journal first, then whoever shows them. */
export class RunRecord {
  /** Name of the run. */
  readonly name: string;
  readonly #journal: Journal;
  readonly #renderer: Renderer;
  readonly #startedAt = performance.now();

  private constructor(name: string, journal: Journal, renderer: Renderer) {
    this.name = name;
    this.#journal = journal;
    this.#renderer = renderer;
  }

  static async open(stateDirectory: string, cluster: Cluster, output: OutputFormat, options: LineOptions): Promise<RunRecord> {
    const name = runName(new Date(), randomBytes(2).toString('hex'));
    const journal = new Journal(stateDirectory, name, redactor(cluster.secrets));
    return new RunRecord(name, journal, await createRenderer(output, process.stdout, options));
  }

  /** Aborted, with the error, once the journal cannot be written any more. */
  get lost(): AbortSignal {
    return this.#journal.lost;
  }

  readonly emit = (event: EngineEvent): void => {
    const stamped = this.#journal.append(event);
    this.#renderer.onEvent(stamped);
  };

  async start(
    command: string,
    cluster: Cluster,
    chosen: readonly Host[],
    { asked, resumes }: { asked: Asked; resumes: string | undefined },
  ): Promise<void> {
    const version = await versionOfPackage();
    this.emit({
      type: 'run.start',
      run: this.name,
      command,
      cluster: cluster.name,
      release: cluster.release,
      hosts: chosen.map(({ name }) => name),
      version,
      by: whoRuns(),
      asked,
      ...(resumes === undefined ? {} : { resumes }),
    });
  }

  /** How long each part took so far: phases up to the work itself, then roles. */
  async parts(): Promise<Part[]> {
    const { phases, roles } = reportOf(await readJournal({ name: this.name, directory: this.#journal.directory }));
    return [...phases.filter(({ name }) => name !== 'apply'), ...roles];
  }

  /** Ends what moves on the terminal, so that other text can be written. */
  flush(): Promise<void> {
    return this.#renderer.flush();
  }

  async end(result: RunResult): Promise<void> {
    this.emit({ type: 'run.end', status: statusOf(result.exitCode), ...result, durationMs: performance.now() - this.#startedAt });
    await this.#renderer.close();
    this.#journal.close();
  }
}

function statusOf(exitCode: number): 'done' | 'failed' | 'interrupted' {
  if (exitCode === EXIT.interrupted) return 'interrupted';
  return exitCode === EXIT.done || exitCode === EXIT.changed ? 'done' : 'failed';
}
