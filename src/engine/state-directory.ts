import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where picluster keeps what it must remember of one cluster directory: known_hosts, kubeconfig, runs. Mode 0700. */
export async function stateDirectory(
  cluster: { name: string; directory: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const directory = join(baseDirectory(env), `${cluster.name}-${tagOf(cluster.directory)}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Those that there are of a cluster directory, whatever its cluster is or was called. */
export async function stateDirectories(clusterDirectory: string, env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const base = baseDirectory(env);
  const names = await readdir(base).catch(() => []);
  return names.filter((name) => name.endsWith(`-${tagOf(clusterDirectory)}`)).map((name) => join(base, name));
}

const baseDirectory = (env: NodeJS.ProcessEnv): string =>
  join(env.XDG_STATE_HOME || join(env.HOME ?? homedir(), '.local', 'state'), 'picluster');

const tagOf = (clusterDirectory: string): string => createHash('sha256').update(clusterDirectory).digest('hex').slice(0, 8);
