import type { Cluster } from '#src/cluster/cluster.ts';
import type { Facts } from '#src/facts/facts.ts';
import { directory } from '#src/resource/directory.ts';
import { download } from '#src/resource/download.ts';
import { file } from '#src/resource/file.ts';
import { symlink } from '#src/resource/symlink.ts';
import { type StepDraft, step, tagged } from '#src/role/step.ts';
import { secretsOf } from '#src/template/content.ts';
import { downgrade } from './downgrade.ts';
import { k3sYaml } from './k3s-yaml.ts';
import { kubeletConfig } from './kubelet.ts';
import { paths } from './paths.ts';
import type { K3sVars } from './vars.ts';

const CONFIG = { tags: ['config'] };

/** Directories that other steps put files into. The data directory belongs to K3s: what it makes itself keeps K3s's modes. */
export const directories = (): StepDraft[] => [
  step(directory({ path: '/etc/rancher', mode: 0o755 })),
  step(directory({ path: paths.configDirectory, mode: 0o755 })),
  step(directory({ path: paths.dropIns, mode: 0o755 })),
];

/** The binary of this host's architecture, and the commands it acts as. */
export function binarySteps(cluster: Cluster, facts: Facts): { binary: StepDraft; links: StepDraft[] } {
  const source = cluster.artifact('k3s', 'binary', facts.arch);
  const { version: installed } = facts.k3s;
  const wanted = cluster.version('k3s');
  const destructive = downgrade(installed, wanted);
  const isUpgrade = installed !== undefined && installed !== wanted;
  return {
    binary: step(download({ path: paths.binary, source, mode: 0o755 }), {
      tags: ['binary'],
      ...(destructive ? { destructive } : {}),
      ...(isUpgrade ? { upgrade: { of: 'k3s', from: installed, to: wanted } } : {}),
    }),
    links: tagged(
      'binary',
      paths.links.map((path) => step(symlink({ path, target: 'k3s' }))),
    ),
  };
}

/** Image archives that K3s imports when it starts: then nothing has to be pulled. */
export function imageSteps(vars: K3sVars, cluster: Cluster, facts: Facts): StepDraft[] {
  const wanted = [...(vars.airgapImages ? [{ component: 'k3s', name: 'airgapImages' }] : []), ...vars.extraImages];
  if (wanted.length === 0) return [];
  return tagged('images', [
    step(directory({ path: '/var/lib/rancher', mode: 0o755 })),
    step(directory({ path: paths.data, mode: 0o755 })),
    step(directory({ path: paths.agent, mode: 0o700 })),
    step(directory({ path: paths.images, mode: 0o755 })),
    ...wanted.map(({ component, name }) => {
      const source = cluster.artifact(component, name, facts.arch);
      return step(download({ path: `${paths.images}/${source.name}`, source, mode: 0o644 }));
    }),
  ]);
}

/** A configuration file of K3s that only root reads. */
export const configFile = (path: string, values: Readonly<Record<string, unknown>>): StepDraft =>
  step(file({ path, content: k3sYaml(values), mode: 0o600 }), CONFIG);

/** The token, on disk only where K3s reads it. */
export const tokenFile = (path: string, cluster: Cluster, secret: string): StepDraft =>
  step(file({ path, content: [cluster.secret(secret), '\n'], mode: 0o600 }), CONFIG);

export function kubeletFile(vars: K3sVars): StepDraft {
  const content = k3sYaml(kubeletConfig(vars));
  return step(file({ path: paths.kubelet, content, mode: secretsOf(content).length > 0 ? 0o600 : 0o644 }), CONFIG);
}

export const registriesFile = ({ registries }: K3sVars): StepDraft | undefined =>
  registries && step(file({ path: paths.registries, content: k3sYaml(registries), mode: 0o600 }), CONFIG);
