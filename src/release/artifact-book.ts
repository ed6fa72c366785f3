import { ConfigError } from '#src/errors.ts';
import type { Arch } from '#src/facts/facts.ts';
import type { ArtifactSource } from '#src/resource/kind.ts';
import { withMirrors } from './mirror.ts';
import { type ArtifactRef, artifactFor, artifactsOf, type Release } from './release.ts';

/** The artifacts of one cluster's release. Checksums are learnt before roles ask: roles are pure and wait for nothing. */
export class ArtifactBook {
  readonly release: Release;
  readonly mirrors: readonly string[];
  readonly #checksums: Map<string, string>;
  readonly #failures = new Map<string, string>();

  constructor(release: Release, mirrors: readonly string[], checksums: ReadonlyMap<string, string>) {
    this.release = release;
    this.mirrors = mirrors;
    this.#checksums = new Map(checksums);
  }

  get checksums(): ReadonlyMap<string, string> {
    return this.#checksums;
  }

  /** Version of a component. Throws ConfigError when the release has none. */
  version(component: string): string {
    return this.#component(component).version;
  }

  /** Throws ConfigError when the release has no such artifact, or its checksum is not known. */
  source(component: string, artifact: string, arch: Arch): ArtifactSource {
    const found = this.#component(component);
    const ref = artifactFor(found, artifact, arch);
    if (!ref) {
      const known = Object.keys(found.artifacts).join(', ') || 'none';
      throw new ConfigError(
        `release ${this.release.name} has no artifact "${artifact}" of ${component} for ${arch} (known: ${known})`,
      );
    }
    const sha256 = this.checksum(ref);
    if (sha256 === undefined) {
      throw new ConfigError(
        `the checksum of ${ref.url} is not known: ${this.#failures.get(ref.url) ?? 'it was not asked for yet'}`,
        [],
        {
          hint: 'make it reachable from here, name a mirror (artifacts.mirror), or write its sha256 into a release file (versions)',
        },
      );
    }
    return { urls: withMirrors(ref.url, this.mirrors), sha256, name: ref.name };
  }

  checksum(ref: ArtifactRef): string | undefined {
    return ref.sha256 ?? this.#checksums.get(ref.url);
  }

  /** Artifacts whose checksum has to be asked for. */
  unknown(components?: readonly string[]): ArtifactRef[] {
    return artifactsOf(this.release, components).filter((ref) => this.checksum(ref) === undefined);
  }

  learn(url: string, sha256: string): void {
    this.#checksums.set(url, sha256);
  }

  /** Why a checksum could not be learnt; told to whoever needs it. */
  fail(url: string, reason: string): void {
    this.#failures.set(url, reason);
  }

  #component(name: string) {
    const component = this.release.components.get(name);
    if (component) return component;
    const known = [...this.release.components.keys()].join(', ');
    throw new ConfigError(`release ${this.release.name} has no component "${name}" (known: ${known})`);
  }
}
