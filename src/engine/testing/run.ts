import { z } from 'zod';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { defineRole, type RoleInput } from '#src/role/role.ts';
import type { StepList } from '#src/role/step.ts';
import { localConnection } from '#src/transport/local.ts';
import type { EngineEvent } from '../events.ts';
import { Journal } from '../journal.ts';
import { Run } from '../run.ts';
import type { RunOptions } from '../run-options.ts';
import type { RunResult } from '../run-result.ts';
import { parseEvent } from './parse-event.ts';

/** A cluster of hosts that play one role, "r". */
export function clusterOf(names: readonly string[]): Cluster {
  const hosts = names.map(
    (name) =>
      ({
        name,
        address: name,
        groups: [],
        roles: ['r'],
        vars: {},
        target: {
          name,
          address: name,
          port: 22,
          user: 'me',
          become: { method: 'none' },
          hostKeys: [],
          identityFiles: [],
          connectTimeoutMs: 1000,
        },
      }) as Host,
  );
  return {
    name: 'test',
    hosts,
    secrets: [],
    host: (name: string) => hosts.find((host) => host.name === name),
    hostsWithRole: () => [],
    templates: () => new Map(),
    timeouts: { reconnectMs: 90_000, rebootMs: 600_000, drainMs: 300_000 },
  } as unknown as Cluster;
}

/** What a test sees of a run. */
export interface TestRun {
  events: EngineEvent[];
  plan: string[];
  result: RunResult | undefined;
}

/** A whole run, for tests: one role "r" on "hosts" that are this machine, reached without SSH unless `connect` says otherwise. */
export async function testRun(
  root: string,
  names: readonly string[],
  steps: (input: RoleInput<unknown>) => StepList,
  overrides: Partial<RunOptions> = {},
  beforeApply: () => void = () => {},
): Promise<TestRun> {
  const cluster = clusterOf(names);
  const events: EngineEvent[] = [];
  const journal = new Journal(root, 'run', (text) => text);
  const run = new Run({
    cluster,
    roles: [defineRole({ name: 'r', namespace: 'r', vars: z.unknown(), steps })],
    chosen: cluster.hosts,
    initServer: undefined,
    stateDirectory: root,
    lock: undefined,
    connect: async (target) => localConnection({ host: target.name }),
    signal: new AbortController().signal,
    draining: new AbortController().signal,
    fetchArtifact: async () => '',
    ...overrides,
    emit: (event) => {
      events.push(parseEvent(JSON.stringify(journal.append(event))));
      overrides.emit?.(event);
    },
  });
  try {
    await run.connect();
    const plan = await run.plan();
    beforeApply();
    const result = plan.changes.length > 0 ? await run.apply(plan) : undefined;
    return { events, plan: plan.changes.map(({ step: { ref } }) => ref), result };
  } finally {
    await run.close();
    journal.close();
  }
}
