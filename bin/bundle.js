// Plain JavaScript: read in every run, before anything is compiled.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { sep } from 'node:path';

/** Sources that somebody works on change again soon: no bundle is made of them. */
const STILL_MS = 60_000;

/** What `stat` says of a source, as it stands in the stamp. `path` is relative to `root`, which ends in a slash. */
export function stateOf(root, path) {
  const stat = statSync(root + path, { throwIfNoEntry: false });
  // Nobody notices when a package's list is linked elsewhere; a source's time may have been set back.
  return stat && [stat.size, stat.mtimeMs, path.startsWith('node_modules/') ? 0 : stat.ctimeMs];
}

/**
 * Says what to run: `main` is the bundle's entry, undefined when there is none or a source is not what it was made from. `isWorthMaking`:
 * the bundle is missing or old, and nobody is at work on the sources. An installed package has its bundle, and Node runs no TypeScript there.
 */
export function findBundle(root) {
  const stamp = readStamp(root);
  if (!stamp) return { isWorthMaking: true };
  const main = `${root}dist/${stamp.folder}/main.js`;
  if (isInstalled(root)) return { main, isWorthMaking: false };
  const sources = Object.entries(stamp.sources);
  const isFresh = sources.every(([path, was]) => isSame(stateOf(root, path), was));
  if (isFresh && existsSync(main)) return { main, isWorthMaking: false };
  const youngest = Math.max(...sources.map(([path]) => stateOf(root, path)?.[1] ?? 0));
  return { isWorthMaking: Date.now() - youngest > STILL_MS };
}

const isSame = (now, was) => now?.every((value, index) => value === was[index]) ?? false;

function readStamp(root) {
  try {
    return JSON.parse(readFileSync(`${root}dist/bundle.json`, 'utf8'));
  } catch {
    return undefined;
  }
}

const isInstalled = (root) => root.includes(`${sep}node_modules${sep}`);

/** Makes the bundle in a process of its own, for the runs to come. Nothing waits for it; where it cannot be made, runs are of the sources. */
export function makeBundleAside(root) {
  if (isInstalled(root) || !existsSync(`${root}node_modules/rolldown`) || isBeingMade(root)) return;
  try {
    accessSync(existsSync(`${root}dist`) ? `${root}dist` : root, constants.W_OK);
  } catch {
    return;
  }
  const { spawn } = process.getBuiltinModule('node:child_process');
  // Nothing of the run's environment is needed, secrets least of all.
  const child = spawn(process.execPath, [`${root}build/main.ts`], {
    cwd: root,
    env: {},
    stdio: 'ignore',
    detached: true,
  });
  child.on('error', () => {});
  child.unref();
}

/** Only saves work: two that make it at once do each other no harm. A mark that was left behind counts for a minute. */
function isBeingMade(root) {
  const mark = statSync(`${root}dist/making`, { throwIfNoEntry: false });
  return mark !== undefined && Date.now() - mark.mtimeMs < 60_000;
}
