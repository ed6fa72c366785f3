import { fileURLToPath } from 'node:url';
import { keyOf } from '#lab/artifacts/cache.ts';
import { digestFiles } from '#lab/artifacts/files.ts';

/** Changes with the service's own source: a running one that is out of date can be told. */
export async function codeDigest(): Promise<string> {
  return keyOf(await digestFiles(fileURLToPath(new URL('.', import.meta.url)), ['*.ts']));
}
