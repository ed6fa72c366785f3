import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What a role outside of this package may import from it: picluster itself, and the zod that its schemas are checked with. */
const SHARED: Readonly<Record<string, string>> = {
  picluster: new URL('../index.ts', import.meta.url).href,
  zod: new URL('./zod.ts', import.meta.url).href,
};

const folders = new Set<string>();
let isRegistered = false;

/**
 * Lets modules below a folder import `picluster` and `zod` although nothing is installed there. A module hook is the process's, not a run's:
 * it changes nothing for modules elsewhere, and the same folder may be given twice.
 */
export function resolvePiclusterFor(folder: string): void {
  folders.add(pathToFileURL(`${folder}/`).href);
  if (isRegistered) return;
  isRegistered = true;
  registerHooks({
    resolve(specifier, context, next) {
      const shared = SHARED[specifier];
      const { parentURL } = context;
      if (!shared || !parentURL || ![...folders].some((url) => parentURL.startsWith(url))) return next(specifier, context);
      return { url: shared, shortCircuit: true };
    },
  });
}
