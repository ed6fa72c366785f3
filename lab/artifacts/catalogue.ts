import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact } from './artifact.ts';
import { fluxManifests } from './flux.ts';
import { type GoProgram, goProgram } from './go.ts';
import { type ArchivedProgram, imageArchive } from './image-archive.ts';
import { type Layout, mirror } from './mirror.ts';

export const LAB = fileURLToPath(new URL('..', import.meta.url));
export const DEFAULT_VERSION = 'v1.34.4+k3s1';
/** The Flux release that the lab's manifests stand for, and the controllers of it. */
export const FLUX = { release: '2.7.5', sourceController: 'v1.7.4', kustomizeController: 'v1.7.3' } as const;
/** What the packaged manifests of K3s 1.34 name. */
const PAUSE_IMAGE = 'docker.io/rancher/mirrored-pause:3.6';
const COREDNS_IMAGE = 'docker.io/rancher/mirrored-coredns-coredns:1.12.3';
const WORKLOAD_IMAGE = 'docker.io/picluster-lab/workload:1';
const NOBODY = '65534:65534';

/** The Go modules of the lab, below `lab/`. */
export const GO_MODULES = ['images', 'images/coredns', 'flux/source-controller', 'flux/kustomize-controller', 'k3s'] as const;

/** What the lab is made of; the mirror, last, is made of all the others. `version` is K3s's: `v1.34.4+k3s1`. */
export async function catalogue(version = DEFAULT_VERSION): Promise<Artifact[]> {
  const pause = await program({ name: 'pause', module: 'images', files: ['go.mod', 'pause/*.go'], package: './pause' });
  const workload = await program({
    name: 'workload',
    module: 'images',
    files: ['go.mod', 'workload/*.go'],
    package: './workload',
  });
  const coredns = await program({ name: 'coredns', module: 'images/coredns', package: '.' });
  const source = await program({ name: 'source-controller', module: 'flux/source-controller', package: '.' });
  const kustomize = await program({
    name: 'kustomize-controller',
    module: 'flux/kustomize-controller',
    package: 'github.com/fluxcd/kustomize-controller',
  });
  const k3s = await program({ name: 'k3s', module: 'k3s', package: '.', ldflags: versionFlags(version) });

  const airgap = await imageArchive('k3s-airgap-images-amd64', [
    image(pause, PAUSE_IMAGE, '/pause', '65535:65535'),
    image(coredns, COREDNS_IMAGE, '/coredns'),
  ]);
  const fluxImages = await imageArchive('flux', [
    image(source, `ghcr.io/fluxcd/source-controller:${FLUX.sourceController}`, '/usr/local/bin/source-controller', NOBODY),
    image(
      kustomize,
      `ghcr.io/fluxcd/kustomize-controller:${FLUX.kustomizeController}`,
      '/usr/local/bin/kustomize-controller',
      NOBODY,
    ),
  ]);
  const workloadImage = await imageArchive('workload', [image(workload, WORKLOAD_IMAGE, '/workload')]);
  const manifests = await fluxManifests(join(LAB, 'flux'), FLUX);

  const releases = `github.com/k3s-io/k3s/releases/download/${version}`;
  const flux = `github.com/fluxcd/flux2/releases/download/v${FLUX.release}`;
  const layout: Layout = {
    [`${releases}/k3s`]: { from: k3s, file: 'k3s' },
    [`${releases}/k3s-airgap-images-amd64.tar`]: { from: airgap, file: 'k3s-airgap-images-amd64.tar' },
    [`${flux}/install.yaml`]: { from: manifests, file: 'install.yaml' },
    'picluster-lab/images/flux.tar': { from: fluxImages, file: 'flux.tar' },
    'picluster-lab/images/workload.tar': { from: workloadImage, file: 'workload.tar' },
  };
  const checksums = { [releases]: ['sha256sum-amd64.txt'], [flux]: [`flux_${FLUX.release}_checksums.txt`] };
  const parts = [pause, workload, coredns, source, kustomize, k3s, airgap, fluxImages, workloadImage, manifests];
  return [...parts, await mirror(layout, checksums)];
}

function program(spec: GoProgram): Promise<Artifact> {
  return goProgram({ ...spec, module: join(LAB, spec.module) });
}

function image(from: Artifact, name: string, path: string, user?: string): ArchivedProgram {
  return { from, name, path, ...(user && { user }) };
}

/** What Kubernetes says its version is. */
function versionFlags(version: string): string[] {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  if (!major || !minor) throw new Error(`--version: ${version} is not a version like ${DEFAULT_VERSION}`);
  const fields = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return Object.entries(fields).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
}
