import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { FLUX, LAB } from './catalogue.ts';
import { fill, labelled } from './flux.ts';

const MANIFESTS = join(LAB, 'flux/manifests');
const text = async (name: string) => fill(await readFile(join(MANIFESTS, name), 'utf8'), FLUX);

it('fills in versions, and refuses a name that it does not know', () => {
  expect(fill('x:${sourceController} v${release} $(ENV)', FLUX)).toBe(`x:${FLUX.sourceController} v${FLUX.release} $(ENV)`);
  expect(() => fill('${kustomise}', FLUX)).toThrow('${kustomise} in a manifest of lab/flux');
});

it('labels a CRD as part of the release, and keeps the rest', () => {
  const crd =
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: a\n  annotations: {v: "0.1"}\n';
  expect(parse(labelled(crd, 'source-controller', '2.7.5'))).toEqual({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'a',
      annotations: { v: '0.1' },
      labels: {
        'app.kubernetes.io/component': 'source-controller',
        'app.kubernetes.io/instance': 'flux-system',
        'app.kubernetes.io/part-of': 'flux',
        'app.kubernetes.io/version': 'v2.7.5',
      },
    },
  });
});

it('every manifest carries the labels of the release, and pods those of their selector', async () => {
  const objects = [];
  for (const name of (await readdir(MANIFESTS)).sort()) {
    for (const document of parseAllDocuments(await text(name))) objects.push(document.toJS());
  }
  expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'flux-system' } });
  for (const object of objects) {
    expect(object.metadata.labels).toMatchObject({
      'app.kubernetes.io/part-of': 'flux',
      'app.kubernetes.io/instance': 'flux-system',
      'app.kubernetes.io/version': `v${FLUX.release}`,
    });
  }
  const deployments = objects.filter((object) => object.kind === 'Deployment');
  expect(deployments.map((object) => object.spec.template.spec.containers[0].image)).toEqual([
    `ghcr.io/fluxcd/source-controller:${FLUX.sourceController}`,
    `ghcr.io/fluxcd/kustomize-controller:${FLUX.kustomizeController}`,
  ]);
  for (const { spec } of deployments) expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
});
