import type { EngineEvent, StampedEvent } from '#src/engine/events.ts';
import { roleGraphOf } from '#src/engine/role-graph.ts';
import { Run } from '#src/engine/run.ts';
import { stateDirectory } from '#src/engine/state-directory.ts';
import { EXIT } from '#src/errors.ts';
import { eventLines } from '#src/render/events-to-text.ts';
import { mermaidRoles, mermaidSteps } from '#src/render/mermaid.ts';
import { connector } from './connector.ts';
import { controlSteps } from './control-steps.ts';
import { initServerOf } from './init-server.ts';
import { openCluster } from './open-cluster.ts';
import { listenForInterrupts } from './signals.ts';

export interface GraphOptions {
  cluster?: string;
  set: string[];
  limit?: string;
  /** A box for every step, not for every role of a host. */
  steps?: boolean;
}

/** Prints the steps of bootstrap as a Mermaid flowchart. Roles need facts, so the hosts are asked; what happens meanwhile goes to stderr. */
export async function showGraph(options: GraphOptions): Promise<number> {
  const { cluster, roles, chosen, artifacts } = await openCluster({ ...options, secretsFor: 'roles' });
  const tell = (event: EngineEvent): void => {
    if (!['host.key.trusted', 'host.lost', 'warning'].includes(event.type)) return;
    for (const line of eventLines(event as StampedEvent, { showDiffs: false })) process.stderr.write(`${line}\n`);
  };
  const state = await stateDirectory(cluster);
  const interrupts = listenForInterrupts((text) => tell({ type: 'warning', text }));
  const { signal } = interrupts;
  await artifacts.prepare(signal, (text) => tell({ type: 'warning', text }));
  const run = new Run({
    cluster,
    roles,
    chosen,
    edges: cluster.after,
    initServer: initServerOf(cluster),
    stateDirectory: state,
    lock: undefined,
    connect: connector(state, tell),
    emit: tell,
    signal,
    draining: interrupts.draining,
    fetchArtifact: artifacts.fetch,
    control: controlSteps({ cluster, artifacts, kubeconfig: undefined, signal }),
  });
  try {
    await run.connect();
    const steps = [...run.graph().steps.values()];
    process.stdout.write(options.steps ? mermaidSteps(steps) : mermaidRoles(roleGraphOf(steps)));
    return run.lost.size > 0 ? EXIT.hostLost : EXIT.done;
  } finally {
    await run.close();
    interrupts.dispose();
  }
}
