import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { UsageError } from '#src/errors.ts';
import { pathExists } from '#src/path-exists.ts';
import { readInventory } from './inventory.ts';
import type { AnsibleProject } from './project.ts';
import { type AnsibleFile, type OpenVault, parseAnsibleYaml } from './yaml.ts';

const INVENTORIES = ['inventory.yml', 'inventory.yaml', 'hosts.yml', 'hosts.yaml', 'inventory/hosts.yml', 'inventory/hosts.yaml'];

/** Reads an Ansible project: `DIR` or its folder `ansible/`. Throws UsageError when there is no inventory in YAML; files that cannot be read are told in `problems`. */
export async function readProject(
  directory: string,
  options: { inventory?: string | undefined; open?: OpenVault | undefined },
): Promise<{ project: AnsibleProject; problems: string[] }> {
  const root = (await pathExists(join(directory, 'ansible'))) ? join(directory, 'ansible') : directory;
  const inventoryPath = options.inventory ?? (await firstOf(INVENTORIES.map((name) => join(root, name))));
  if (inventoryPath === undefined)
    throw new UsageError(`there is no inventory in YAML in ${root}`, {
      hint: 'name it with --inventory; one in INI or a script: ansible-inventory --list --yaml > inventory.yml',
    });
  const read = async (path: string): Promise<AnsibleFile> =>
    parseAnsibleYaml(relative(directory, path), await readFile(path, 'utf8'), options.open);
  const inventoryFile = await read(inventoryPath);
  if (inventoryFile.problem !== undefined) throw new UsageError(`${inventoryFile.file}: ${inventoryFile.problem}`);
  const [groupVars, hostVars] = await Promise.all(['group_vars', 'host_vars'].map((folder) => scoped(join(root, folder), read)));
  const playVars = await Promise.all((await yamlFiles(join(root, 'vars'))).map(read));
  const files = [...(groupVars ?? new Map()).values(), ...(hostVars ?? new Map()).values(), playVars].flat() as AnsibleFile[];
  return {
    project: {
      inventory: readInventory(inventoryFile.data),
      inventoryFile,
      groupVars: groupVars ?? new Map(),
      hostVars: hostVars ?? new Map(),
      playVars,
      gitops: await findGitops(directory),
      cloudInit: await findCloudInit(directory),
    },
    problems: files.flatMap(({ file, problem }) => (problem === undefined ? [] : [`${file} ${problem}`])),
  };
}

async function firstOf(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await pathExists(path)) return path;
  return undefined;
}

/** YAML files below a folder, by name; none when it is not there. */
async function yamlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  return entries
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** group_vars/ and host_vars/: `NAME.yml` or a folder NAME of files. */
async function scoped(folder: string, read: (path: string) => Promise<AnsibleFile>): Promise<Map<string, AnsibleFile[]>> {
  const result = new Map<string, AnsibleFile[]>();
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const path = join(folder, name);
    const paths = (await stat(path)).isDirectory() ? await yamlFiles(path) : [path];
    const scope = name.replace(/\.(?:ya?ml)$/, '');
    result.set(scope, [...(result.get(scope) ?? []), ...(await Promise.all(paths.map(read)))]);
  }
  return result;
}

/** The GitRepository `flux-system` and the path of the first Kustomization that reads it. */
async function findGitops(directory: string): Promise<AnsibleProject['gitops']> {
  const files = await yamlFiles(join(directory, 'kubernetes', 'clusters'));
  const objects = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).flatMap((text) =>
    parseAllDocuments(text).flatMap((document) => (document.errors?.length ? [] : [document.toJS() as Kubernetes])),
  );
  const source = objects.find((object) => object?.kind === 'GitRepository');
  const root = objects.find(
    (object) => object?.kind === 'Kustomization' && object.spec?.sourceRef?.name === source?.metadata?.name,
  );
  if (!source?.spec?.url) return undefined;
  return { url: source.spec.url, branch: source.spec.ref?.branch ?? 'master', path: root?.spec?.path ?? './' };
}

interface Kubernetes {
  kind?: string;
  metadata?: { name?: string };
  spec?: { url?: string; ref?: { branch?: string }; path?: string; sourceRef?: { name?: string } };
}

/** Time zone and locale of the first cloud-init user-data that says them. */
async function findCloudInit(directory: string): Promise<AnsibleProject['cloudInit']> {
  const found: { timezone?: string; locale?: string } = {};
  for (const folder of ['metal', 'cloud-init']) {
    const names = await readdir(join(directory, folder), { recursive: true }).catch(() => []);
    for (const name of names.filter((candidate) => /user-data/.test(candidate)).sort()) {
      const text = await readFile(join(directory, folder, name), 'utf8').catch(() => '');
      for (const key of ['timezone', 'locale'] as const) {
        const value = new RegExp(`^${key}:\\s*["']?([\\w/.@+-]+)`, 'm').exec(text)?.[1];
        if (value !== undefined) found[key] ??= value;
      }
    }
  }
  return found;
}
