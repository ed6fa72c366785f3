import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '#src/cluster/cluster.ts';
import { durationMs } from '#src/duration.ts';
import { ConfigError } from '#src/errors.ts';
import { applyAction } from '#src/kube/apply-action.ts';
import type { KubeObject } from '#src/kube/client.ts';
import { parseManifests } from '#src/kube/manifests.ts';
import type { Action } from '#src/role/action.ts';
import { waitForControllers } from './controllers-wait.ts';
import { isHandedOver } from './handed-over.ts';
import { FLUX_NAMESPACE, fluxNamespace, syncObjects } from './objects.ts';
import { waitForSync } from './sync-wait.ts';

export interface HandoffOptions {
  /** Bound of each of the two waits. Default: `gitops.timeout`. */
  timeoutMs?: number;
}

/**
 * Hands the cluster to Flux, each step after the one before; none without `gitops` in the cluster.
 * @param installManifest text of Flux's install manifests, checked against the release; asked for once somebody needs it.
 */
export function fluxSteps(
  cluster: Cluster,
  installManifest: (signal: AbortSignal) => Promise<string>,
  options: HandoffOptions = {},
): Action[] {
  const { gitops } = cluster;
  if (!gitops) return [];
  const timeoutMs = options.timeoutMs ?? durationMs(gitops.timeout);
  const install = once(async (signal) =>
    withNamespace(parseManifests(await installManifest(signal), "Flux's install manifests")),
  );
  const before = once(async () =>
    (await Promise.all(gitops.before.map((path) => readManifests(join(cluster.directory, path))))).flat(),
  );
  return [
    ...(gitops.before.length > 0
      ? [
          applyAction({
            name: 'flux-before',
            title: `apply what Flux needs: ${gitops.before.join(', ')}`,
            objects: before,
            planned: gitops.before,
            isHandedOver,
          }),
        ]
      : []),
    applyAction({
      name: 'flux-install',
      title: 'apply the install manifests of Flux',
      objects: install,
      planned: [`CustomResourceDefinitions and controllers of Flux in ${FLUX_NAMESPACE}`],
      isHandedOver,
    }),
    waitForControllers(install, timeoutMs),
    applyAction({
      name: 'flux-sync',
      title: `let Flux reconcile ${gitops.path} of ${gitops.url}`,
      objects: async () => syncObjects(cluster, gitops),
      planned: [...(gitops.auth === 'none' ? [] : ['Secret']), 'ConfigMap', 'GitRepository', 'Kustomization'],
      isHandedOver,
    }),
    waitForSync(cluster, gitops, timeoutMs),
  ];
}

async function readManifests(path: string): Promise<KubeObject[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ConfigError(`cannot read the manifests ${path}: ${cause.message}`, [], { cause });
  });
  return parseManifests(text, path);
}

/** Install manifests bring their namespace; where they don't, we do. It must not be applied twice with different fields. */
const withNamespace = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === FLUX_NAMESPACE)
    ? [...objects]
    : [fluxNamespace(), ...objects];

/** Makes it at first use; a failure is forgotten. */
function once<T>(make: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let made: Promise<T> | undefined;
  return (signal) => {
    made ??= make(signal).catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
