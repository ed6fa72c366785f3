import { mkdir, rm, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBundle } from './bundle.ts';

/** Makes the bundle of this checkout. `--at-once`: somebody waits for it; else it is made in the background, with what the processor has to spare. */
const root = fileURLToPath(new URL('..', import.meta.url));
const mark = join(root, 'dist/making');

if (!process.argv.includes('--at-once')) setPriority(19);
await mkdir(join(root, 'dist'), { recursive: true });
await writeFile(mark, '');
try {
  console.log(`dist/${await makeBundle(root)}`);
} finally {
  await rm(mark, { force: true });
}
