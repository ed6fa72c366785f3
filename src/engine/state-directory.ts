import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where picluster keeps what it must remember of one cluster directory: known_hosts, kubeconfig, runs. Mode 0700. */
export async function stateDirectory(
  cluster: { name: string; directory: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const base = env.XDG_STATE_HOME || join(env.HOME ?? homedir(), '.local', 'state');
  const tag = createHash('sha256').update(cluster.directory).digest('hex').slice(0, 8);
  const directory = join(base, 'picluster', `${cluster.name}-${tag}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}
