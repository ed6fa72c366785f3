import type { KubeClient } from '#src/kube/client.ts';
import { type Owner, ownerOf } from '#src/kube/owner.ts';
import { kustomizationRef, ROOT_REF } from './objects.ts';

/** How deep Kustomizations may bring Kustomizations. */
const MAX_DEPTH = 8;

/** The owner is our root Kustomization, or one that it brought: after the hand-off Flux may manage itself from git, and then it is Flux's. */
export async function isHandedOver(owner: Owner, client: KubeClient, signal: AbortSignal): Promise<boolean> {
  let current: Owner | undefined = owner;
  for (let depth = 0; depth < MAX_DEPTH && current?.kustomization; depth++) {
    const { namespace, name } = current.kustomization;
    if (name === ROOT_REF.name && namespace === ROOT_REF.namespace) return true;
    const object = await client.get(kustomizationRef(current.kustomization), signal);
    current = object && ownerOf(object, object, '');
  }
  return false;
}
