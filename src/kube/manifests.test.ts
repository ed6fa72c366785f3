import { describe, expect, test } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { inWaves, parseManifests } from './manifests.ts';
import { describeObject } from './objects.ts';

describe('parsing', () => {
  test('documents, empty documents, lists; no status', () => {
    const text = `# only a comment
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Namespace, metadata: {name: a}, status: {phase: Active}}
---
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: a}}
`;
    const objects = parseManifests(text, 'x.yaml');
    expect(objects.map(describeObject)).toEqual(['Namespace a', 'ConfigMap a/b']);
    expect(objects[0]).not.toHaveProperty('status');
  });

  test("modes are octal and merge keys merge, as in kubectl's YAML", () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
base: &base {mode: 0644, zero: 0, text: '0644', plain: 644}
derived: {<<: *base, plain: 1}
`;
    const [object] = parseManifests(text, 'x.yaml');
    expect(object?.base).toEqual({ mode: 420, zero: 0, text: '0644', plain: 644 });
    expect(object?.derived).toEqual({ mode: 420, zero: 0, text: '0644', plain: 1 });
  });

  test.each([
    ['a: [', 'x.yaml'],
    ['just text', 'without apiVersion and kind'],
    ['apiVersion: v1\nkind: Pod\nmetadata: {}', 'a Pod without metadata.name'],
    [
      '{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a}}',
      'Pod a stands there twice',
    ],
  ])('%j is refused', (text, message) => {
    expect(() => parseManifests(text, 'x.yaml')).toThrow(ConfigError);
    expect(() => parseManifests(text, 'x.yaml')).toThrow(message);
  });
});

test('namespaces and definitions go first', () => {
  const kinds = ['ConfigMap', 'CustomResourceDefinition', 'Namespace'];
  const objects = kinds.map((kind) => ({ apiVersion: 'v1', kind, metadata: { name: 'a' } }));
  const waves = inWaves(objects).map((wave) => wave.map(({ kind }) => kind));
  expect(waves).toEqual([['CustomResourceDefinition', 'Namespace'], ['ConfigMap']]);
  expect(inWaves([])).toEqual([]);
});
