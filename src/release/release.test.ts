import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { roleSchemas } from '#roles/index.ts';
import { parseYaml } from '#src/yaml/source.ts';
import { checksumOf } from './checksums.ts';
import { withMirrors } from './mirror.ts';
import { artifactFor, artifactsOf, releasesOf } from './release.ts';
import { VersionsFile } from './schema.ts';

const own = VersionsFile.parse(
  parseYaml('versions.yaml', await readFile(new URL('../../versions.yaml', import.meta.url), 'utf8')).data,
);
const releases = releasesOf([own]);

describe('versions.yaml', () => {
  it.each([
    ['v1.4', 'v1.24.3+k3s1', undefined],
    ['v1.5', 'v1.24.6+k3s1', undefined],
    ['v1.6', 'v1.24.7+k3s1', undefined],
    ['v1.7', 'v1.27.1+k3s1', undefined],
    ['v1.8', 'v1.28.2+k3s1', undefined],
    ['v1.9', 'v1.30.2+k3s2', 'v2.3.0'],
  ])('%s: K3s %s, Flux %s', (name, k3s, flux) => {
    const components = releases.get(name)?.components;
    expect([components?.get('k3s')?.version, components?.get('flux')?.version]).toEqual([k3s, flux]);
  });

  it.each(Object.entries(own.releases))('%s: its variables are variables of roles', (_name, release) => {
    const schemas = roleSchemas();
    for (const [namespace, vars] of Object.entries(release.vars ?? {}))
      expect(() => schemas[namespace]!.parse(vars)).not.toThrow();
  });

  it.each([
    ['amd64', 'k3s', 'sha256sum-amd64.txt'],
    ['arm64', 'k3s-arm64', 'sha256sum-arm64.txt'],
    ['arm', 'k3s-armhf', 'sha256sum-arm.txt'],
  ] as const)('the K3s binary of %s is %s, checked by %s', (arch, name, sums) => {
    const folder = 'https://github.com/k3s-io/k3s/releases/download/v1.30.2%2Bk3s2';
    const ref = artifactFor(releases.get('v1.9')!.components.get('k3s')!, 'binary', arch);
    expect(ref).toMatchObject({ name, url: `${folder}/${name}`, checksums: `${folder}/${sums}`, sha256: undefined });
  });

  it('lists each URL of a release once', () => {
    const urls = artifactsOf(releases.get('v1.9')!).map(({ url }) => url);
    expect(new Set(urls).size).toBe(urls.length);
    expect(urls.filter((url) => url.endsWith('/install.yaml'))).toHaveLength(1);
    expect(artifactsOf(releases.get('v1.9')!, ['flux']).map(({ name }) => name)).toEqual(['install.yaml']);
  });

  it('later files win, and may give a component other artifacts', () => {
    const more = VersionsFile.parse({
      releases: {
        'v1.9': {
          architectures: ['amd64'],
          components: {
            k3s: { version: 'v2', artifacts: { binary: { url: { amd64: 'https://example.com/k' }, sha256: '0'.repeat(64) } } },
          },
        },
      },
    });
    const k3s = releasesOf([own, more]).get('v1.9')!.components.get('k3s')!;
    expect(artifactFor(k3s, 'binary', 'amd64')?.url).toBe('https://example.com/k');
    expect(artifactFor(k3s, 'binary', 'arm64')).toBeUndefined();
    expect(artifactFor(k3s, 'airgapImages', 'amd64')?.url).toContain('/v2/k3s-airgap-images-amd64.tar');
  });
});

it.each([
  ['http://10.0.0.1:8080/', 'http://10.0.0.1:8080/github.com/a/b%2Bc'],
  ['http://10.0.0.1:8080/x', 'http://10.0.0.1:8080/x/github.com/a/b%2Bc'],
])('mirror %s', (mirror, expected) => {
  expect(withMirrors('https://github.com/a/b%2Bc', [mirror])).toEqual([expected, 'https://github.com/a/b%2Bc']);
});

const hex = 'AB'.repeat(32);
it.each([
  [`${'0'.repeat(64)}  other\n${hex}  k3s\n`, hex.toLowerCase()],
  [`${hex} *k3s\r\n`, hex.toLowerCase()],
  [`${hex}  ./dist/k3s\n`, hex.toLowerCase()],
  [`${hex}\n`, hex.toLowerCase()],
  [`${hex}  k3s-arm64\n`, undefined],
  ['not found', undefined],
  ['', undefined],
])('checksum file %j', (text, expected) => {
  expect(checksumOf(text, 'k3s')).toBe(expected);
});
