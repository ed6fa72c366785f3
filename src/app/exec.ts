import { EXIT } from '#src/errors.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { rawScript, sh } from '#src/shell/script.ts';
import type { ShellReply } from '#src/transport/connection.ts';
import { onHosts, reportErrors } from './hosts-session.ts';
import { openCluster } from './open-cluster.ts';

export interface ExecOptions {
  cluster?: string;
  set: string[];
  limit?: string;
  askBecomePass?: boolean;
  output: OutputFormat;
  /** Seconds. */
  timeout: number;
  become: boolean;
}

/** Runs a command on the chosen hosts at once and prints what each said. Exit code 0 only if it was 0 everywhere, else 70, or that of a lost host. */
export async function executeOnHosts(words: readonly string[], options: ExecOptions): Promise<number> {
  const { cluster, chosen } = await openCluster({ ...options, secretsFor: 'become' });
  const redact = redactor(cluster.secrets);
  const script = words.length === 1 ? rawScript(words[0] ?? '') : sh`${words}`;
  const results = await onHosts(cluster, chosen, async (host, connection, signal) => {
    const become = options.become ? host.target.become : ({ method: 'none' } as const);
    const shell = await connection.shell({ signal, become });
    return shell.run({ script, step: 'exec', timeoutMs: options.timeout * 1000, signal });
  });
  let hasFailed = false;
  for (const host of chosen) {
    const reply = results.get(host);
    if (reply === undefined || reply instanceof Error) continue;
    hasFailed ||= reply.exitCode !== 0;
    print(host.name, reply, options.output, redact);
  }
  const exitCode = reportErrors(results);
  return exitCode !== 0 ? exitCode : hasFailed ? EXIT.stepFailed : EXIT.done;
}

function print(host: string, reply: ShellReply, output: OutputFormat, redact: (text: string) => string): void {
  const [stdout, stderr] = [redact(reply.stdout.toString()), redact(reply.stderr.toString())];
  if (output === 'json') {
    process.stdout.write(
      `${JSON.stringify({ host, exitCode: reply.exitCode, stdout, stderr, durationMs: Math.round(reply.durationMs) })}\n`,
    );
    return;
  }
  process.stdout.write(`${host}: exit status ${reply.exitCode}${reply.dropped > 0 ? `, ${reply.dropped} bytes dropped` : ''}\n`);
  for (const text of [stdout, stderr]) if (text) process.stdout.write(`${text.trimEnd().replaceAll(/^/gm, '  ')}\n`);
}
