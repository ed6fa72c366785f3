import { access, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const TREE = fileURLToPath(new URL('../gitops/', import.meta.url));

/** The lab's GitOps repository below `root`, with `lab/gitops/` as its first commit on `main`; one that is there stays. */
export async function ensureRepository(root: string): Promise<string> {
  const target = join(root, 'cluster.git');
  const isThere = await access(target).then(
    () => true,
    () => false,
  );
  if (isThere) return target;
  await mkdir(root, { recursive: true });
  const work = await mkdtemp(join(root, '.new-'));
  const tree = join(work, 'tree');
  const git = (...args: string[]) => execa('git', ['-C', tree, ...args], { timeout: 30_000 });
  try {
    await cp(TREE, tree, { recursive: true });
    await git('init', '-q', '--initial-branch=main');
    await git('add', '.');
    await git('-c', 'user.name=picluster lab', '-c', 'user.email=lab@example.com', 'commit', '-q', '-m', 'What the lab runs');
    await git('clone', '-q', '--bare', tree, join(work, 'cluster.git'));
    await rename(join(work, 'cluster.git'), target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}
