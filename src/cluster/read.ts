import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mistake } from '#src/errors.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { readSecrets } from '#src/secrets/read.ts';
import type { SecretStore } from '#src/secrets/store.ts';
import { parseYaml, type YamlSource } from '#src/yaml/source.ts';
import { CLUSTER_FILE } from './find.ts';
import { isMap } from './layers.ts';

/** picluster's own releases. */
export const VERSIONS = fileURLToPath(new URL('../../versions.yaml', import.meta.url));

/** All files of a cluster directory, parsed; nothing is checked yet. */
export interface ClusterFiles {
  readonly cluster: YamlSource;
  readonly hosts: YamlSource;
  /** By group. */
  readonly groupVars: ReadonlyMap<string, YamlSource>;
  /** By host. */
  readonly hostVars: ReadonlyMap<string, YamlSource>;
  /** picluster's own release file, then those that cluster.yaml names. */
  readonly versions: readonly YamlSource[];
  readonly secrets: SecretStore;
  /** Texts under templates/, by `ROLE/NAME`. */
  readonly templates: ReadonlyMap<string, { file: string; text: string }>;
  /** Manifests of `gitops.before` that are there. */
  readonly manifests: ReadonlySet<string>;
  readonly mistakes: readonly Mistake[];
  /** SHA-256 over names and contents, hex; without secrets. */
  readonly digest: string;
  /** SHA-256, hex, of each file by its name, sorted; without secrets. */
  readonly fileDigests: ReadonlyMap<string, string>;
}

/** Who opens encrypted secrets, and when. */
export interface VaultUse {
  /** `become`: only if a host becomes root with one of them. */
  readonly isNeeded: 'always' | 'become';
  readonly unlock: Unlock;
}

/**
 * Reads everything at once. What cannot be read is a mistake; thrown is only what keeps the secrets from being decrypted.
 * Without `vault` encrypted secrets stay sealed.
 */
export async function readClusterFiles(directory: string, vault?: VaultUse): Promise<ClusterFiles> {
  const reader = new Reader(directory);
  const cluster = await reader.yaml(CLUSTER_FILE);
  const named = asList(isMap(cluster.data) ? cluster.data.versions : undefined);
  const [hosts, groupVars, hostVars, templates, , own, ...more] = await Promise.all([
    reader.yaml('hosts.yaml'),
    reader.folder('group_vars'),
    reader.folder('host_vars'),
    reader.texts('templates'),
    reader.texts('roles'),
    reader.yaml(VERSIONS, basename(VERSIONS)),
    ...named.map((file) => reader.yaml(file)),
  ]);
  const reach = [cluster, hosts, ...groupVars.values(), ...hostVars.values()];
  const isOpened = vault?.isNeeded === 'always' || reach.some(({ data }) => hasKey(data, 'passwordSecret'));
  const secrets = await readSecrets(directory, isOpened ? vault?.unlock : undefined);
  const gitops = isMap(cluster.data) ? cluster.data.gitops : undefined;
  const before = asList(isMap(gitops) ? gitops.before : undefined);
  return {
    cluster,
    hosts,
    groupVars,
    hostVars,
    versions: [own, ...more],
    secrets: secrets.store,
    templates,
    manifests: await reader.existing(before),
    mistakes: [...reader.mistakes, ...secrets.mistakes],
    digest: reader.digest,
    fileDigests: reader.fileDigests,
  };
}

const hasKey = (value: unknown, key: string): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).some(([name, inner]) => name === key || hasKey(inner, key));

const asList = (value: unknown): string[] => [value].flat().filter((item) => typeof item === 'string');

class Reader {
  readonly mistakes: Mistake[] = [];
  readonly #directory: string;
  readonly #digests = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  get fileDigests(): ReadonlyMap<string, string> {
    return new Map([...this.#digests].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get digest(): string {
    const lines = [...this.fileDigests].map(([file, digest]) => `${digest}  ${file}\n`);
    return sha256(lines.join(''));
  }

  /** A file that must be there; one that is not is an empty map and a mistake. */
  async yaml(path: string, name = path): Promise<YamlSource> {
    let text = '';
    try {
      text = await readFile(isAbsolute(path) ? path : join(this.#directory, path), 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      const message = code === 'ENOENT' ? 'the file is missing' : `cannot be read (${code})`;
      this.mistakes.push({ file: name, line: 1, column: 1, path: '', message });
      return { ...parseYaml(name, ''), data: undefined };
    }
    // A cluster's own file may have the name of one that comes with picluster.
    this.#digests.set(isAbsolute(path) ? `picluster's ${name}` : name, sha256(text));
    const source = parseYaml(name, text);
    this.mistakes.push(...source.mistakes);
    return source;
  }

  /** The YAML files of a folder by name; other files there are mistakes, except README.md and hidden ones. */
  async folder(folder: string): Promise<Map<string, YamlSource>> {
    const entries = await readdir(join(this.#directory, folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return [];
    });
    const sources = new Map<string, YamlSource>();
    for (const entry of entries.sort()) {
      const file = `${folder}/${entry}`;
      if (entry.startsWith('.') || entry === 'README.md') continue;
      if (entry.endsWith('.yaml')) sources.set(basename(entry, '.yaml'), await this.yaml(file));
      else this.mistakes.push({ file, line: 1, column: 1, path: '', message: 'is not read: files here are called NAME.yaml' });
    }
    return sources;
  }

  /** Every file below a folder, by its path there; what is hidden and node_modules are left out. */
  async texts(folder: string): Promise<Map<string, { file: string; text: string }>> {
    const entries = await readdir(join(this.#directory, folder), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        return [];
      },
    );
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#directory, join(entry.parentPath, entry.name)));
    const texts = new Map<string, { file: string; text: string }>();
    for (const file of paths.sort()) {
      if (file.split(sep).some((part) => part.startsWith('.') || part === 'node_modules')) continue;
      const text = await readFile(join(this.#directory, file), 'utf8');
      this.#digests.set(file, sha256(text));
      texts.set(relative(folder, file), { file, text });
    }
    return texts;
  }

  async existing(files: readonly string[]): Promise<Set<string>> {
    const found = await Promise.all(
      files.map((file) =>
        access(join(this.#directory, file)).then(
          () => [file],
          () => [],
        ),
      ),
    );
    return new Set(found.flat());
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
