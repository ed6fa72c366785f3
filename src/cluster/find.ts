import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '#src/errors.ts';
import { pathExists } from '#src/path-exists.ts';

export const CLUSTER_FILE = 'cluster.yaml';

/** The cluster directory: what was asked for, else `$PICLUSTER_CLUSTER`, else the nearest one upwards that holds cluster.yaml. Throws UsageError. */
export async function findClusterDirectory(
  asked: string | undefined,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const named = asked ?? (env.PICLUSTER_CLUSTER || undefined);
  if (named !== undefined) return await checkNamed(resolve(cwd, named), asked === undefined ? '$PICLUSTER_CLUSTER' : '--cluster');
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    if (await pathExists(join(directory, CLUSTER_FILE))) return directory;
    if (directory === dirname(directory)) break;
  }
  throw new UsageError(`there is no ${CLUSTER_FILE} in ${cwd} or above it`, {
    hint: 'name the cluster directory with -C, or set PICLUSTER_CLUSTER',
  });
}

async function checkNamed(directory: string, by: string): Promise<string> {
  if (await pathExists(join(directory, CLUSTER_FILE))) return directory;
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  throw new UsageError(`${by} names ${directory}, ${isDirectory ? `which has no ${CLUSTER_FILE}` : 'which is not a directory'}`);
}
