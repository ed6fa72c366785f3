import type { Cluster, GitOpsSettings } from '#src/cluster/cluster.ts';
import { ConfigError } from '#src/errors.ts';
import type { KubeObject, ObjectRef } from '#src/kube/client.ts';

export const FLUX_NAMESPACE = 'flux-system';
const CREDENTIALS = 'flux-system';
const SETTINGS = 'cluster-settings';
const SOURCE = 'flux-system';
const ROOT = 'cluster';

const GIT_REPOSITORY = { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository' };
const KUSTOMIZATION = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };

export const SOURCE_REF: ObjectRef = { ...GIT_REPOSITORY, name: SOURCE, namespace: FLUX_NAMESPACE };
export const ROOT_REF: ObjectRef = { ...KUSTOMIZATION, name: ROOT, namespace: FLUX_NAMESPACE };

export const kustomizationRef = ({ namespace, name }: { namespace: string; name: string }): ObjectRef => ({
  ...KUSTOMIZATION,
  namespace,
  name,
});

export const fluxNamespace = (): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: FLUX_NAMESPACE } });

/** What tells Flux where the cluster's manifests are, in the order of need. Holds revealed secrets: make it just before it is sent. */
export function syncObjects(cluster: Cluster, gitops: GitOpsSettings): KubeObject[] {
  const secret = gitCredentials(cluster, gitops);
  return [...(secret ? [secret] : []), settingsMap(gitops), gitRepository(gitops), rootKustomization(gitops)];
}

/** Keys as source-controller reads them. Source: Flux, GitRepository spec.secretRef. */
function gitCredentials(cluster: Cluster, gitops: GitOpsSettings): KubeObject | undefined {
  if (gitops.auth === 'none') return undefined;
  const reveal = (path: string): string => cluster.secret(path).reveal();
  const data: Record<string, string> =
    gitops.auth === 'token'
      ? { username: cluster.hasSecret('git.username') ? reveal('git.username') : 'git', password: reveal('git.token') }
      : {
          identity: withNewline(reveal('git.identity')),
          ...(cluster.hasSecret('git.identityPub') ? { 'identity.pub': reveal('git.identityPub') } : {}),
          known_hosts: withNewline(reveal('git.knownHosts')),
        };
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { apiVersion: 'v1', kind: 'Secret', metadata: inFlux(CREDENTIALS), type: 'Opaque', data: Object.fromEntries(encoded) };
}

/** OpenSSH refuses a private key without its last newline. */
const withNewline = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

const settingsMap = ({ settings }: GitOpsSettings): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: inFlux(SETTINGS),
  data: { ...settings },
});

function gitRepository({ url, branch, interval, auth }: GitOpsSettings): KubeObject {
  if (!/^(https?|ssh):\/\//.test(url)) throw new ConfigError(`gitops.url: Flux reads http, https and ssh URLs only, not ${url}`);
  return {
    ...GIT_REPOSITORY,
    metadata: inFlux(SOURCE),
    spec: { interval, url, ref: { branch }, ...(auth === 'none' ? {} : { secretRef: { name: CREDENTIALS } }) },
  };
}

const rootKustomization = ({ path, interval }: GitOpsSettings): KubeObject => ({
  ...KUSTOMIZATION,
  metadata: inFlux(ROOT),
  spec: {
    interval,
    path,
    prune: true,
    sourceRef: { kind: GIT_REPOSITORY.kind, name: SOURCE },
    postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: SETTINGS }] },
  },
});

const inFlux = (name: string): KubeObject['metadata'] => ({ name, namespace: FLUX_NAMESPACE });
