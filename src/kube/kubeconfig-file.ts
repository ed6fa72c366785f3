import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type MergeOptions, mergeKubeconfig } from './kubeconfig.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** The file that kubectl would write to: the first of $KUBECONFIG, else ~/.kube/config. */
export function userKubeconfigPath(environment: NodeJS.ProcessEnv = process.env): string {
  const [first] = (environment.KUBECONFIG ?? '').split(delimiter).filter(Boolean);
  return first ?? join(environment.HOME || homedir(), '.kube', 'config');
}

/** What stands between a kubeconfig file and what it should be. */
export interface KubeconfigFile {
  path: string;
  content: string;
  /** Content before; undefined when the file is not there. */
  before: string | undefined;
  /** Others may read it. */
  isOpen: boolean;
}

/** How `path` should look with `own` merged in. Changes nothing. */
export async function planKubeconfig(path: string, own: string, options: MergeOptions): Promise<KubeconfigFile> {
  const before = await readFile(path, 'utf8').catch(absent);
  const mode = await stat(path).then(({ mode }) => mode, absent);
  const content = before === undefined ? own : mergeKubeconfig(before, own, options);
  return { path, content, before, isOpen: mode !== undefined && (mode & 0o077) !== 0 };
}

export const isUpToDate = ({ content, before, isOpen }: KubeconfigFile): boolean => content === before && !isOpen;

/** Writes aside and renames, mode 0600; an unchanged file keeps its times. A symbolic link stays one: its target is replaced. */
export async function writeKubeconfig(file: KubeconfigFile): Promise<void> {
  const path = (await realpath(file.path).catch(absent)) ?? file.path;
  if (file.content === file.before) return chmod(path, PRIVATE_FILE);
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_DIRECTORY });
  const aside = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    await writeFile(aside, file.content, { mode: PRIVATE_FILE, flag: 'wx' });
    await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
