import { parseAllDocuments, type ScalarTag } from 'yaml';
import { ConfigError } from '#src/errors.ts';
import type { KubeObject } from './client.ts';
import { describeObject } from './objects.ts';

/** `0644` is octal, as kubectl's YAML reads it and YAML 1.2 no longer does. */
const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};

/** The objects of a multi-document YAML text; lists are taken apart, empty documents left out. `source` is named in ConfigErrors. */
export function parseManifests(text: string, source: string): KubeObject[] {
  const objects: KubeObject[] = [];
  for (const document of parseAllDocuments(text, { customTags: (tags) => [octal, ...tags], merge: true })) {
    const error = 'errors' in document ? document.errors[0] : undefined;
    if (error) throw new ConfigError(`${source}: ${error.message}`, [], { cause: error });
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    objects.push(...takeApart(value, source));
  }
  assertNoDuplicates(objects, source);
  return objects;
}

function takeApart(value: unknown, source: string): KubeObject[] {
  const object = value as Partial<KubeObject> & { items?: unknown[] };
  if (typeof object !== 'object' || typeof object.apiVersion !== 'string' || typeof object.kind !== 'string') {
    throw new ConfigError(`${source}: a document without apiVersion and kind`);
  }
  if (object.kind.endsWith('List') && Array.isArray(object.items)) return object.items.flatMap((item) => takeApart(item, source));
  if (!object.metadata?.name) throw new ConfigError(`${source}: a ${object.kind} without metadata.name`);
  // A status belongs to the controllers; generated CRD files carry an empty one.
  const { status: _status, ...desired } = object as KubeObject;
  return [desired as KubeObject];
}

function assertNoDuplicates(objects: readonly KubeObject[], source: string): void {
  const seen = new Set<string>();
  for (const object of objects) {
    const id = `${object.apiVersion.replace(/\/.*/, '')} ${describeObject(object)}`;
    if (seen.has(id)) throw new ConfigError(`${source}: ${describeObject(object)} stands there twice`);
    seen.add(id);
  }
}

/** Those that others need, each group complete before the next: namespaces and CRDs, then the rest. */
export function inWaves(objects: readonly KubeObject[]): KubeObject[][] {
  const isFirst = ({ kind }: KubeObject): boolean => kind === 'Namespace' || kind === 'CustomResourceDefinition';
  return [objects.filter(isFirst), objects.filter((object) => !isFirst(object))].filter((wave) => wave.length > 0);
}
