import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { becomeOf, type Lab, requireState } from '#lab/machines/index.ts';

export interface PlainCluster {
  /** Roles that every machine plays, in order. */
  roles: readonly string[];
  /** More of cluster.yaml: variables of roles, hooks, after. */
  settings?: Readonly<Record<string, unknown>>;
  /** Other files of the directory, by path. */
  files?: Readonly<Record<string, string>>;
}

/** A cluster directory of its own over a lab's machines, without Kubernetes. Resolves to its path; whoever made it removes it. */
export async function writePlainCluster(lab: Lab, { roles, settings = {}, files = {} }: PlainCluster): Promise<string> {
  const { nodes } = await requireState(lab);
  const directory = await mkdtemp(join(tmpdir(), `picluster-${lab.name}-`));
  const hosts = Object.fromEntries(
    nodes.map((node) => {
      const { name, address, user, hostKey } = node;
      return [name, { address, user, hostKey, become: becomeOf(node) }];
    }),
  );
  const all: Record<string, string> = {
    'cluster.yaml': stringify({
      name: lab.name,
      release: 'v1.9',
      ssh: { identityFile: lab.local('key') },
      roles: { all: roles },
      ...settings,
    }),
    'hosts.yaml': stringify({ hosts }),
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}
