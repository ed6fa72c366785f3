import type { ArtifactBook } from './artifact-book.ts';
import { checksumOf } from './checksums.ts';
import { explainFetch } from './explain-fetch.ts';
import { readLock, writeLock } from './lock-file.ts';
import { withMirrors } from './mirror.ts';
import type { ArtifactRef } from './release.ts';

export interface LockOptions {
  signal: AbortSignal;
  /** One line for people for each checksum file that is trusted for the first time. */
  log(line: string): void;
  /** Only these; default: all of the release. */
  components?: readonly string[];
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Learns the checksums that are not recorded yet from their publishers (mirrors first) and records them in the cluster directory.
 * What cannot be learnt fails only when it is asked for. Without unknown checksums nothing is fetched.
 * Call it before roles make their steps (`cluster.artifact()` waits for nothing), not for commands that only look at the inventory.
 */
export async function lockArtifacts(cluster: { directory: string; book: ArtifactBook }, options: LockOptions): Promise<void> {
  const { directory, book } = cluster;
  const byFile = Map.groupBy(book.unknown(options.components), ({ checksums }) => checksums);
  const learnt = await Promise.all(
    [...byFile].map(async ([url, refs]) => (url === undefined ? [] : await learnFrom(url, refs, book, options))),
  );
  options.signal.throwIfAborted();
  const entries = learnt.flat();
  if (entries.length === 0) return;
  // Read again: another run may have recorded something meanwhile.
  const recorded = await readLock(directory);
  for (const [url, sha256] of entries) recorded.set(url, sha256);
  await writeLock(directory, recorded);
}

async function learnFrom(
  url: string,
  refs: readonly ArtifactRef[],
  book: ArtifactBook,
  options: LockOptions,
): Promise<[string, string][]> {
  const failures: string[] = [];
  for (const place of withMirrors(url, book.mirrors)) {
    try {
      const text = await fetchText(place, options.signal);
      return record(text, place, refs, book, options);
    } catch (error) {
      if (options.signal.aborted) throw error;
      failures.push(`${place}: ${explainFetch(error)}`);
    }
  }
  for (const ref of refs) book.fail(ref.url, failures.join('; '));
  return [];
}

function record(
  text: string,
  place: string,
  refs: readonly ArtifactRef[],
  book: ArtifactBook,
  options: LockOptions,
): [string, string][] {
  const found: [string, string][] = [];
  for (const ref of refs) {
    const sha256 = checksumOf(text, ref.name);
    if (sha256 === undefined) {
      book.fail(ref.url, `${place} has no line for ${ref.name}`);
      continue;
    }
    book.learn(ref.url, sha256);
    found.push([ref.url, sha256]);
  }
  if (found.length > 0)
    options.log(`first use: trusting ${place} for ${refs.map(({ component, name }) => `${component} ${name}`).join(', ')}`);
  return found;
}

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('larger than a checksum file can be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
