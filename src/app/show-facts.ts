import { stringify } from 'yaml';
import { HostSession } from '#src/engine/session.ts';
import type { OutputFormat } from '#src/render/renderer.ts';
import { onHosts, reportErrors } from './hosts-session.ts';
import { openCluster } from './open-cluster.ts';

/** Prints what the chosen hosts say about themselves: YAML for people, one JSON object a line for programs. */
export async function showFacts(options: {
  cluster?: string;
  set: string[];
  limit?: string;
  askBecomePass?: boolean;
  output: OutputFormat;
}): Promise<number> {
  const { cluster, chosen } = await openCluster({ ...options, secretsFor: 'become' });
  const results = await onHosts(
    cluster,
    chosen,
    async (host, connection, signal) => (await HostSession.open(host, async () => connection, { signal })).facts,
  );
  for (const host of chosen) {
    const facts = results.get(host);
    if (facts === undefined || facts instanceof Error) continue;
    process.stdout.write(
      options.output === 'json' ? `${JSON.stringify({ host: host.name, ...facts })}\n` : stringify({ [host.name]: facts }),
    );
  }
  return reportErrors(results);
}
