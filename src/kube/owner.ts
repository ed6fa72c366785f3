import type { KubeObject } from './client.ts';
import { isAppliedBy, otherManagers } from './managed-fields.ts';

/** Who else manages an object. */
export interface Owner {
  kind: 'Flux' | 'Helm' | 'controller' | 'Argo CD' | 'K3s' | 'field manager';
  /** For people: `the Flux Kustomization flux-system/apps`. */
  text: string;
  /** Only of a Flux Kustomization. */
  kustomization?: { namespace: string; name: string };
}

const FLUX_LABELS = [
  ['kustomize.toolkit.fluxcd.io', 'Kustomization'],
  ['helm.toolkit.fluxcd.io', 'HelmRelease'],
] as const;

/** The owner of a live object that is not us, by the marks that each leaves; undefined when nobody would fight us for `desired`. */
export function ownerOf(live: KubeObject, desired: KubeObject, ours: string): Owner | undefined {
  return controllerOwner(live) ?? fluxOwner(live) ?? annotationOwner(live) ?? fieldOwner(live, desired, ours);
}

function controllerOwner({ metadata }: KubeObject): Owner | undefined {
  const references = (metadata.ownerReferences ?? []) as { kind: string; name: string }[];
  const [first] = references;
  return first && { kind: 'controller', text: `its owner ${first.kind} ${first.name}` };
}

function fluxOwner({ metadata: { labels = {} } }: KubeObject): Owner | undefined {
  for (const [group, kind] of FLUX_LABELS) {
    const name = labels[`${group}/name`];
    if (!name) continue;
    const namespace = labels[`${group}/namespace`] ?? 'flux-system';
    const text = `the Flux ${kind} ${namespace}/${name}`;
    return kind === 'Kustomization' ? { kind: 'Flux', text, kustomization: { namespace, name } } : { kind: 'Flux', text };
  }
  return undefined;
}

function annotationOwner({ metadata: { annotations = {} } }: KubeObject): Owner | undefined {
  const release = annotations['meta.helm.sh/release-name'];
  if (release) {
    const namespace = annotations['meta.helm.sh/release-namespace'];
    return { kind: 'Helm', text: `the Helm release ${namespace ? `${namespace}/` : ''}${release}` };
  }
  const tracking = annotations['argocd.argoproj.io/tracking-id'];
  if (tracking) return { kind: 'Argo CD', text: `the Argo CD application ${tracking.split(':')[0]}` };
  const addOn = annotations['objectset.rio.cattle.io/owner-name'];
  if (addOn) return { kind: 'K3s', text: `the K3s AddOn ${addOn}` };
  return undefined;
}

/** Once an object is ours, who owns which field is for the API to say, as a conflict. */
function fieldOwner(live: KubeObject, desired: KubeObject, ours: string): Owner | undefined {
  if (isAppliedBy(live, ours)) return undefined;
  const [first] = otherManagers(live, desired, ours);
  return first && { kind: 'field manager', text: `the field manager ${first.manager} (${first.field})` };
}
