import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { stateDirectories } from '#src/engine/state-directory.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import { pickRun, type RecordedRun, readJournal, recordedRuns, runLine } from '#src/report/journals.ts';
import { reportOf } from '#src/report/report-of.ts';
import { reportText, runsText } from '#src/report/text.ts';

interface ClusterOption {
  cluster?: string;
}

/** The runs on record of the cluster directory, broken or not: only where it lies is asked. */
const runsOf = async ({ cluster }: ClusterOption): Promise<RecordedRun[]> =>
  recordedRuns(await stateDirectories(await findClusterDirectory(cluster, process.cwd(), process.env)));

/** Lists the last runs, oldest first. */
export async function showRuns(options: ClusterOption & { output: OutputFormat; last: number }): Promise<void> {
  const runs = (await runsOf(options)).slice(-options.last);
  const lines = (await Promise.all(runs.map(runLine))).filter((line) => line !== undefined);
  if (options.output === 'json') for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
  else process.stdout.write(lines.length > 0 ? runsText(lines) : 'no runs yet\n');
}

export interface ReportOptions extends ClusterOption {
  output: OutputFormat;
  /** Where the page goes; true: beside the journal. Undefined: no page. */
  html?: string | true;
}

/** Tells of one run what its journal says: as text or JSON, or as a page whose path is printed. */
export async function showReport(asked: string | undefined, options: ReportOptions): Promise<void> {
  const run = pickRun(await runsOf(options), asked);
  const report = reportOf(await readJournal(run));
  if (options.html !== undefined) {
    const path = options.html === true ? join(run.directory, 'report.html') : resolve(options.html);
    const { reportPage } = await import('#src/report/html/page.ts');
    await writeWhole(path, reportPage(report));
    process.stdout.write(`${path}\n`);
  } else process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : reportText(report));
}

/** Written aside and renamed. For the owner only, as the journal is. */
async function writeWhole(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, path);
}
