import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HostLostError, InterruptedError, PiclusterError, StepFailedError } from '#src/errors.ts';
import type { OpenChannel } from '#src/shell/channel.ts';
import { newMarker } from '#src/shell/open.ts';
import { Opening } from '#src/shell/opening.ts';
import { quote } from '#src/shell/script.ts';
import type { Become, UploadOptions } from './connection.ts';

/** A slow card may need long to take what was sent: the bound on silence, not on the whole. */
const STALL_MS = 120_000;
const CHUNK_BYTES = 256 * 1024;

/**
 * Streams a local file to the host over a channel of its own: into a temporary file beside the target, checked, synced, renamed.
 * What was cut off leaves nothing behind. Throws StepFailedError with what the machine said, HostLostError, InterruptedError.
 */
export async function upload(
  open: OpenChannel,
  localPath: string,
  remotePath: string,
  options: UploadOptions & { host: string; user: string; become: Become },
): Promise<void> {
  const { host, signal, sha256, mode, onProgress } = options;
  if (signal.aborted) throw interrupted(host, remotePath);
  const { size } = await stat(localPath);
  const marker = newMarker();
  const opening = await Opening.start(open, marker, program(remotePath, sha256, mode, marker), options);
  const { channel } = opening;
  const ended = channel.ended.then((end) => {
    if (end.lost !== undefined) throw new HostLostError(`lost ${host} while ${remotePath} was sent: ${end.lost}`, { host });
    throw new StepFailedError(`${host} did not take ${remotePath}`, { host, output: opening.heard });
  });
  ended.catch(() => {});
  const stall = watchdog(() => channel.destroy());
  try {
    await opening.next('asroot');
    const source = createReadStream(localPath, { highWaterMark: CHUNK_BYTES });
    let sent = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        stall.reset();
        yield chunk;
        sent += chunk.length;
        onProgress?.(sent, size);
      }
    };
    await Promise.race([pipeline(source, counted, channel.stdin, { signal }), ended]);
    stall.reset();
    const [word, actual] = (await Promise.race([opening.next('result', STALL_MS), ended])).split(' ');
    if (word !== 'stored') throw wrongSum(host, remotePath, localPath, sha256, actual);
  } catch (error) {
    if (signal.aborted) throw interrupted(host, remotePath);
    if (stall.hasFired()) throw new HostLostError(`${host} took nothing of ${remotePath} for ${STALL_MS / 1000} s`, { host });
    if (error instanceof PiclusterError) throw error;
    // A broken pipe says nothing: the machine's own words come with its end.
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
    throw new StepFailedError(`sending ${remotePath} to ${host} failed`, { host, output: opening.heard, cause: error });
  } finally {
    stall.stop();
    opening.stop();
    channel.destroy();
  }
}

function program(path: string, sha256: string, mode: number, marker: string): string {
  const temporary = posix.join(posix.dirname(path), `.${posix.basename(path)}.picluster-${sha256.slice(0, 8)}`);
  return [
    `umask 077; path=${quote(path)}; temporary=${quote(temporary)}`,
    `trap 'rm -f "$temporary"' EXIT; trap 'exit 1' HUP INT TERM PIPE`,
    `printf '%s asroot\\n' ${marker}`,
    `[ ! -d "$path" ] || { echo "$path is a directory" >&2; exit 1; }`,
    `cat >"$temporary" || exit 1`,
    `sum=$(sha256sum <"$temporary"); sum=\${sum%% *}`,
    `[ "$sum" = ${quote(sha256)} ] || { printf '%s result sum %s\\n' ${marker} "$sum"; exit 3; }`,
    `chmod ${mode.toString(8)} "$temporary" && { sync "$temporary" 2>/dev/null || sync; } && mv -f "$temporary" "$path" && printf '%s result stored\\n' ${marker}`,
  ].join('; ');
}

function wrongSum(host: string, remotePath: string, localPath: string, wanted: string, actual: string | undefined): Error {
  return new StepFailedError(`${remotePath} arrived on ${host} with the wrong sha256`, {
    host,
    output: `wanted ${wanted}\ngot    ${actual}`,
    hint: `is ${localPath} what it should be? remove it, and it is fetched again`,
  });
}

const interrupted = (host: string, path: string): InterruptedError =>
  new InterruptedError(`interrupted while ${path} was sent to ${host}`, { host });

function watchdog(onStall: () => void) {
  let fired = false;
  const fire = (): void => {
    fired = true;
    onStall();
  };
  let timer = setTimeout(fire, STALL_MS);
  const stop = (): void => clearTimeout(timer);
  return {
    reset: () => {
      stop();
      timer = setTimeout(fire, STALL_MS);
    },
    stop,
    hasFired: () => fired,
  };
}
