import type { Arch } from '#src/facts/facts.ts';
import type { ArtifactEntry, VersionsFile } from './schema.ts';

export interface Component {
  readonly name: string;
  readonly version: string;
  readonly artifacts: Readonly<Record<string, ArtifactEntry>>;
}

/** One entry of versions.yaml: the components that make a release, each in its version. */
export interface Release {
  readonly name: string;
  readonly architectures: readonly Arch[];
  readonly components: ReadonlyMap<string, Component>;
}

/** One file to be fetched: where it is, and what it is known by. */
export interface ArtifactRef {
  readonly component: string;
  readonly artifact: string;
  /** Base name. */
  readonly name: string;
  readonly url: string;
  /** The publisher's checksum file. */
  readonly checksums: string | undefined;
  readonly sha256: string | undefined;
}

/** The releases of several files; later ones win. */
export function releasesOf(files: readonly VersionsFile[]): ReadonlyMap<string, Release> {
  const known = Object.assign({}, ...files.map(({ components }) => components)) as VersionsFile['components'];
  const releases = new Map<string, Release>();
  for (const file of files) {
    for (const [name, { architectures, components }] of Object.entries(file.releases)) {
      const entries = Object.entries(components).map(([component, entry]): [string, Component] => {
        const { version, artifacts } = typeof entry === 'string' ? { version: entry, artifacts: undefined } : entry;
        return [component, { name: component, version, artifacts: { ...known[component]?.artifacts, ...artifacts } }];
      });
      releases.set(name, { name, architectures, components: new Map(entries) });
    }
  }
  return releases;
}

/** An artifact for one architecture; undefined when the component has none of that name, or not for it. */
export function artifactFor(component: Component, artifact: string, arch: Arch): ArtifactRef | undefined {
  const entry = component.artifacts[artifact];
  const fill = (template: string): string => fillUrl(template, component.version, arch);
  const url = entry && pick(entry.url, arch);
  if (!entry || url === undefined) return undefined;
  const checksums = pick(entry.checksums, arch);
  return {
    component: component.name,
    artifact,
    name: decodeURIComponent(new URL(fill(url)).pathname.split('/').at(-1) ?? artifact),
    url: fill(url),
    checksums: checksums && fill(checksums),
    sha256: pick(entry.sha256, arch),
  };
}

/** All artifacts of a release for all its architectures, each URL once. */
export function artifactsOf(release: Release, components?: readonly string[]): ArtifactRef[] {
  const found = new Map<string, ArtifactRef>();
  for (const component of release.components.values()) {
    if (components && !components.includes(component.name)) continue;
    for (const artifact of Object.keys(component.artifacts))
      for (const arch of release.architectures) {
        const ref = artifactFor(component, artifact, arch);
        if (ref) found.set(ref.url, ref);
      }
  }
  return [...found.values()];
}

/** Versions hold `+`, which a path of a URL may mean as a space: it is encoded. */
const fillUrl = (template: string, version: string, arch: Arch): string =>
  template
    .replaceAll('{version}', encodeURIComponent(version))
    .replaceAll('{bareVersion}', encodeURIComponent(version.replace(/^v/, '')))
    .replaceAll('{arch}', arch);

function pick(value: string | Partial<Record<Arch, string>> | undefined, arch: Arch): string | undefined {
  return typeof value === 'string' ? value : value?.[arch];
}
