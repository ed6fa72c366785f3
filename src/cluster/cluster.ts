import type { Arch } from '#src/facts/facts.ts';
import type { ArtifactSource } from '#src/resource/kind.ts';
import type { Secret } from '#src/secrets/secret.ts';
import type { TemplateOverrides } from '#src/template/template.ts';
import type { Target } from '#src/transport/connection.ts';

/** A machine of the inventory with its variables merged; plain data, frozen. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly groups: readonly string[];
  /** Names of the roles it plays, in order. */
  readonly roles: readonly string[];
  /** How it is reached. */
  readonly target: Target;
  /** Merged variables by role namespace: `vars.k3s`, `vars.os`; validated, defaults filled in by the role's schema on use. */
  readonly vars: Readonly<Record<string, unknown>>;
}

export interface NetworkSettings {
  /** DNS domain of the nodes: `picluster.example.com`. */
  readonly domain: string;
  /** Where API clients find the cluster; default: the address of the server whose name sorts first, however they are listed. */
  readonly apiEndpoint: { readonly host: string; readonly port: number };
  readonly clusterCidr: string;
  readonly serviceCidr: string;
}

export interface GitOpsSettings {
  readonly url: string;
  readonly branch: string;
  readonly path: string;
  /** How often Flux looks, as Flux writes it: `1m`. */
  readonly interval: string;
  /** Bound of each of bootstrap's waits for Flux: `10m`, which is long because small machines pull images slowly. */
  readonly timeout: string;
  /** Which kind of credentials the Secret holds; their values are secrets `git.*`. */
  readonly auth: 'none' | 'token' | 'ssh';
  /** Values of the ConfigMap `cluster-settings` for Flux's post-build substitution. */
  readonly settings: Readonly<Record<string, string>>;
  /** Manifests that we apply before Flux, as paths in the cluster directory: a CNI for `flannel-backend: none`. */
  readonly before: readonly string[];
}

/** How long a run waits for its hosts, in milliseconds. */
export interface Timeouts {
  /** For one whose connection was lost. */
  readonly reconnectMs: number;
  /** From the order to reboot until it can be reached again. */
  readonly rebootMs: number;
  /** For pods to leave a node before it is rebooted. */
  readonly drainMs: number;
}

/** An inventory that was read, validated and merged. Pure from here on. */
export interface Cluster {
  readonly name: string;
  /** Absolute path of the cluster directory. */
  readonly directory: string;
  /** Key of versions.yaml: `v1.9`. */
  readonly release: string;
  readonly hosts: readonly Host[];
  readonly network: NetworkSettings;
  readonly gitops: GitOpsSettings | undefined;
  readonly timeouts: Timeouts;
  /** Hash over all files of the cluster directory and the command line's settings: binds a plan to its inventory. */
  readonly digest: string;
  host(name: string): Host;
  /** Hosts that play a role, in inventory order. */
  hostsWithRole(role: string): readonly Host[];
  /** Version of a component in this cluster's release: `version('k3s')` is `v1.30.2+k3s1`. Throws ConfigError when the release has none. */
  version(component: string): string;
  /** The artifact of a component for one architecture, with mirrors first. Throws ConfigError when unknown. */
  artifact(component: string, name: string, arch: Arch): ArtifactSource;
  /** As a host sees it, or the whole cluster. Throws ConfigError naming the file and the key when it is missing. A role is given those of its host. */
  secret(path: string, host?: string): Secret;
  hasSecret(path: string, host?: string): boolean;
  /** The cluster directory's own texts for templates of a role. */
  templates(role: string): TemplateOverrides;
  /** All known secrets, for redaction. */
  readonly secrets: readonly Secret[];
}
