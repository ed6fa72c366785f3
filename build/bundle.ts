import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Plugin, type RolldownOutput, rolldown } from 'rolldown';
import { type BundleStamp, type SourceState, stateOf } from '../bin/bundle.js';

/** What is imported from outside of the bundle: by the launcher, and by roles of the operator's own, which must get the very modules that run. */
const ENTRIES: Readonly<Record<string, string>> = {
  main: 'src/cli/main.ts',
  index: 'src/index.ts',
  zod: 'src/user-roles/zod.ts',
};

/** Runs that began with an older bundle load parts of it for as long as they last. */
const KEPT_MS = 7 * 24 * 3600_000;

type Sources = Record<string, SourceState>;

/** Bundles a checkout into `dist/` of it; resolves to the folder there. Two may run at once. Throws what rolldown throws, then nothing has changed. */
export async function makeBundle(root: string): Promise<string> {
  const dist = join(root, 'dist');
  await mkdir(dist, { recursive: true });
  const sources: Sources = {};
  // A package that is installed anew may change what an import means.
  for (const path of ['package.json', 'node_modules/.package-lock.json', 'build/bundle.ts']) await note(root, path, sources);
  const folder = await writeFolder(dist, await bundled(root, sources));
  const stamp: BundleStamp = { folder, sources };
  const aside = join(dist, `.${folder}.json.${process.pid}`);
  await writeFile(aside, JSON.stringify(stamp));
  await rename(aside, join(dist, 'bundle.json'));
  await removeOld(dist, folder);
  return folder;
}

async function bundled(root: string, sources: Sources): Promise<RolldownOutput> {
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(root, file)])),
    cwd: root,
    platform: 'node',
    logLevel: 'silent',
    // ssh2 does without its native parts, which are not built.
    external: ['cpu-features', /\.node$/],
    transform: { define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' } },
    plugins: [noteSources(root, sources), keepUrls(root)],
  });
  try {
    return await build.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
    });
  } finally {
    await build.close();
  }
}

/** Of a module of the checkout itself, relative to it. */
function ownPath(root: string, id: string): string | undefined {
  const path = relative(root, id);
  return path.startsWith('..') || path.includes('node_modules') || path.includes('\0') ? undefined : path;
}

/** Every file of ours that goes in is noted before it is read: one that changes meanwhile makes the bundle old, not wrong. */
const noteSources = (root: string, sources: Sources): Plugin => ({
  name: 'note-sources',
  load: async (id) => {
    const path = ownPath(root, id);
    if (path) await note(root, path, sources);
    return null;
  },
});

async function note(root: string, path: string, sources: Sources): Promise<void> {
  // A file written twice within one tick of its file system's clock looks the same: wait until that tick is over.
  while (isJustWritten(stateOf(`${root}/`, path))) await setTimeout(50);
  const state = stateOf(`${root}/`, path);
  if (state) sources[path] = state;
}

const isJustWritten = (state: SourceState | undefined): boolean =>
  state?.slice(1).some((atMs) => Math.abs(Date.now() - atMs) < 50) ?? false;

/** Modules find the files beside them by their own URL: it stays that of the source. Only what is an entry lies in the bundle itself. */
const keepUrls = (root: string): Plugin => ({
  name: 'keep-urls',
  transform: (code, id) => {
    const path = ownPath(root, id);
    return path && code.includes('import.meta.url') ? withUrls(code, path) : null;
  },
});

/** The text of a source as it stands in a folder of dist/. `path` is relative to the checkout. Pure. */
export function withUrls(code: string, path: string): string {
  const entries = new Map(Object.entries(ENTRIES).map(([name, file]) => [file, name]));
  return code
    .replaceAll(/new URL\('([^']+)', import\.meta\.url\)/g, (url, beside: string) => {
      const entry = entries.get(posix.join(dirname(path), beside));
      return entry ? `new URL('./${entry}.js', import.meta.url/**/)` : url;
    })
    .replaceAll(/import\.meta\.url(?!\/\*\*\/)/g, `new URL('../../${path}', import.meta.url).href`);
}

/** A folder is made aside and named by its content: it is whole or not there, and what runs is never changed. */
async function writeFolder(dist: string, { output }: RolldownOutput): Promise<string> {
  const aside = await mkdtemp(join(dist, '.new-'));
  const hash = createHash('sha256');
  try {
    for (const file of output) {
      const text = file.type === 'chunk' ? file.code : file.source;
      hash.update(`${file.fileName}\0`).update(text);
      await writeFile(join(aside, file.fileName), text);
    }
    const folder = hash.digest('hex').slice(0, 16);
    await rename(aside, join(dist, folder)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return folder;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function removeOld(dist: string, current: string): Promise<void> {
  for (const entry of await readdir(dist, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === current) continue;
    const path = join(dist, entry.name);
    const made = await stat(path).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}
