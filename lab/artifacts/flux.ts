import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, parseDocument } from 'yaml';
import type { Artifact } from './artifact.ts';
import { digestFiles } from './files.ts';
import { moduleDirectory } from './go.ts';

export interface FluxVersions {
  release: string;
  sourceController: string;
  kustomizeController: string;
}

/** Where the CRDs come from: the go.mod of ours that pins the module, below `lab/flux`. */
const MODULES = [
  { ours: 'crds', path: 'github.com/fluxcd/source-controller', component: 'source-controller' },
  { ours: 'kustomize-controller', path: 'github.com/fluxcd/kustomize-controller', component: 'kustomize-controller' },
];

/** `install.yaml`: what `flux install --export` prints, for the two controllers that the lab has. */
export async function fluxManifests(flux: string, versions: FluxVersions): Promise<Artifact> {
  const sources = ['manifests/*.yaml', '{crds,kustomize-controller}/go.{mod,sum}'];
  const files = await digestFiles(flux, sources);
  const writer = await digestFiles(fileURLToPath(new URL('.', import.meta.url)), ['flux.ts']);
  return {
    name: 'flux-install',
    inputs: { writer, files, versions: { ...versions } },
    async build(directory, context) {
      const crds: string[] = [];
      for (const { ours, path, component } of MODULES) {
        const bases = join(await moduleDirectory(join(flux, ours), path, context), 'config', 'crd', 'bases');
        for (const text of await readTexts(bases)) crds.push(labelled(text, component, versions.release));
      }
      const [namespace, ...others] = (await readTexts(join(flux, 'manifests'))).map((text) => fill(text, versions));
      await writeFile(join(directory, 'install.yaml'), documents([namespace!, ...crds, ...others], versions.release));
    },
  };
}

/** The `.yaml` files of a directory, in the order of their names. */
async function readTexts(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
}

/** A manifest with the labels that all objects of a Flux release carry. */
export function labelled(text: string, component: string, release: string): string {
  const document = parseDocument(text);
  const labels = {
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/instance': 'flux-system',
    'app.kubernetes.io/part-of': 'flux',
    'app.kubernetes.io/version': `v${release}`,
  };
  for (const [name, value] of Object.entries(labels)) document.setIn(['metadata', 'labels', name], value);
  return document.toString({ lineWidth: 0 });
}

/** Puts the versions where a manifest says `${release}`, `${sourceController}`, `${kustomizeController}`. Throws on any other name. */
export function fill(text: string, versions: FluxVersions): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
    const value = (versions as unknown as Record<string, string>)[name];
    if (value === undefined) throw new Error(`${whole} in a manifest of lab/flux: no such version`);
    return value;
  });
}

/** One stream of documents; parsed once more, so that a broken one fails here and not on a cluster. */
function documents(texts: readonly string[], release: string): string {
  const joined = texts.map((text) => `---\n${text.replace(/^---\n/, '').trimEnd()}\n`).join('');
  for (const document of parseAllDocuments(joined)) {
    const [error] = document.errors;
    if (error) throw error;
  }
  return `# Flux v${release} as picluster's lab has it: source-controller (the lab's own) and kustomize-controller.\n${joined}`;
}
