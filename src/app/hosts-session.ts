import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { toEventError } from '#src/engine/event-error.ts';
import type { EngineEvent } from '#src/engine/events.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { PiclusterError } from '#src/errors.ts';
import { errorLines } from '#src/render/events-to-text.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { knownSecrets } from '#src/secrets/secret.ts';
import type { Connection } from '#src/transport/connection.ts';
import { connector } from './connector.ts';
import { listenForInterrupts } from './signals.ts';

/** Does the same on several hosts at once over their own connections; the result per host is its value or its error. Said aloud on stderr: new host keys. */
export async function onHosts<T>(
  cluster: Cluster,
  hosts: readonly Host[],
  work: (host: Host, connection: Connection, signal: AbortSignal) => Promise<T>,
): Promise<Map<Host, T | Error>> {
  const interrupts = listenForInterrupts((text) => process.stderr.write(`${text}\n`));
  const tell = (event: EngineEvent): void => {
    if (event.type === 'host.key.trusted')
      process.stderr.write(`${event.host}: first contact, its host key is now trusted: ${event.fingerprint}\n`);
  };
  const connect = connector(await stateDirectory(cluster), tell);
  const results = new Map<Host, T | Error>();
  await Promise.all(
    hosts.map(async (host) => {
      let connection: Connection | undefined;
      try {
        const opened = await connect(host.target, { signal: interrupts.signal });
        connection = opened;
        results.set(host, await work(host, opened, interrupts.signal));
      } catch (error) {
        results.set(host, error instanceof Error ? error : new Error(String(error)));
      } finally {
        await connection?.close();
      }
    }),
  );
  interrupts.dispose();
  return results;
}

/** Tells the errors on stderr and returns the exit code that says most: the highest rank of a refusal, a lost host, our bug; 0 without errors. */
export function reportErrors(results: ReadonlyMap<{ name: string }, unknown>): number {
  const redact = redactor(knownSecrets());
  let exitCode = 0;
  for (const [host, error] of results) {
    if (!(error instanceof Error)) continue;
    process.stderr.write(`${redact(errorLines(toEventError(error), `${host.name}:`).join('\n'))}\n`);
    exitCode = Math.max(exitCode, error instanceof PiclusterError ? error.exitCode : 1);
  }
  return exitCode;
}
