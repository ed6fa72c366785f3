import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mistake } from '#src/errors.ts';
import { EncryptedText } from '#src/secrets/late.ts';
import { type Place, parseYaml, type Tags, type YamlSource } from '#src/yaml/source.ts';
import { CLUSTER_FILE } from './find.ts';
import { isMap } from './layers.ts';
import { closedLayers, type FoundLayers, findLayers, isSecretsFile, type SecretLayers } from './secret-layers.ts';

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
  /** Files of secrets; what is encrypted is closed. */
  readonly found: FoundLayers;
  readonly secrets: SecretLayers;
  /** Single values that are encrypted: `!vault`. */
  readonly encrypted: readonly EncryptedText[];
  /** Texts under templates/, by `ROLE/NAME`. */
  readonly templates: ReadonlyMap<string, { file: string; text: string }>;
  /** Texts under roles/, by `NAME/FILE`. */
  readonly roles: ReadonlyMap<string, { file: string; text: string }>;
  /** Manifests of `gitops.before` that are there. */
  readonly manifests: ReadonlySet<string>;
  readonly mistakes: readonly Mistake[];
  /** SHA-256 over names and contents, hex; without secrets. */
  readonly digest: string;
  /** SHA-256, hex, of each file by its name, sorted; without secrets. */
  readonly fileDigests: ReadonlyMap<string, string>;
}

/** Reads everything at once. What cannot be read is a mistake. Nothing is decrypted. */
export async function readClusterFiles(directory: string): Promise<ClusterFiles> {
  const reader = new Reader(directory);
  const cluster = await reader.yaml(CLUSTER_FILE);
  const named = asList(isMap(cluster.data) ? cluster.data.versions : undefined);
  const [hosts, groupVars, hostVars, templates, roles, found, own, ...more] = await Promise.all([
    reader.yaml('hosts.yaml'),
    reader.folder('group_vars'),
    reader.folder('host_vars'),
    reader.texts('templates'),
    reader.texts('roles'),
    findLayers(directory),
    reader.release(VERSIONS, basename(VERSIONS)),
    ...named.map((file) => reader.release(file)),
  ]);
  const gitops = isMap(cluster.data) ? cluster.data.gitops : undefined;
  const before = asList(isMap(gitops) ? gitops.before : undefined);
  return {
    cluster,
    hosts,
    groupVars,
    hostVars,
    versions: [own, ...more],
    found,
    secrets: closedLayers(found),
    encrypted: reader.encrypted,
    templates,
    roles,
    manifests: await reader.existing(before),
    mistakes: reader.mistakes,
    digest: reader.digest,
    fileDigests: reader.fileDigests,
  };
}

const asList = (value: unknown): string[] => [value].flat().filter((item) => typeof item === 'string');

const NOT_READ = 'is not read: files here are called NAME.yaml; those of secrets NAME.secrets.yaml, or NAME.secrets.yaml.asc';

class Reader {
  readonly mistakes: Mistake[] = [];
  readonly encrypted: EncryptedText[] = [];
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

  /** A file of people's values, of which single ones may be encrypted. */
  yaml(path: string): Promise<YamlSource> {
    const encrypted = (text: string, place: Place): EncryptedText => {
      const value = new EncryptedText(text, place);
      if (value.mistake !== undefined) this.mistakes.push({ ...place, path: '', message: value.mistake });
      else this.encrypted.push(value);
      return value;
    };
    return this.#parsed(path, path, { '!vault': encrypted });
  }

  release(path: string, name = path): Promise<YamlSource> {
    return this.#parsed(path, name, {});
  }

  /** A file that must be there; one that is not is an empty map and a mistake. */
  async #parsed(path: string, name: string, tags: Tags): Promise<YamlSource> {
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
    const source = parseYaml(name, text, { tags });
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
      if (entry.startsWith('.') || entry === 'README.md' || isSecretsFile(entry)) continue;
      if (entry.endsWith('.yaml')) sources.set(basename(entry, '.yaml'), await this.yaml(file));
      else this.mistakes.push({ file, line: 1, column: 1, path: '', message: NOT_READ });
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
