import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** First and last byte that a `Range` header asks for; undefined: the whole file; 'none': nothing that the file has. One range only. */
export function parseRange(header: string | undefined, size: number): { start: number; end: number } | 'none' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match;
  if (first === '') return Number(last) === 0 || size === 0 ? 'none' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size) return 'none';
  return end < start ? undefined : { start, end };
}

/** The file below `root` that a request's path names; undefined when it is malformed or leads out. A `+` means itself. */
export function fileFor(root: string, url: string): string | undefined {
  try {
    const path = decodeURIComponent(url.split('?')[0] ?? '');
    if (path.includes('\0') || path.split('/').includes('..')) return undefined;
    return join(root, normalize(path));
  } catch {
    return undefined;
  }
}

/** Answers GET and HEAD with a file below `root`, as a release page's server would: length, date, ranges. */
export async function serveFile(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
  const path = fileFor(root, request.url ?? '');
  const file = path === undefined ? undefined : await open(path).catch(() => undefined);
  if (path === undefined || file === undefined) return end(response, 404);
  const stat = await file.stat().finally(() => file.close());
  if (!stat.isFile()) return end(response, 404);

  const range = parseRange(request.headers.range, stat.size);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('last-modified', stat.mtime.toUTCString());
  response.setHeader('content-type', 'application/octet-stream');
  if (range === 'none') {
    response.setHeader('content-range', `bytes */${stat.size}`);
    return end(response, 416);
  }
  const { start, end: last } = range ?? { start: 0, end: stat.size - 1 };
  response.setHeader('content-length', last - start + 1);
  if (range !== undefined) response.setHeader('content-range', `bytes ${start}-${last}/${stat.size}`);
  response.statusCode = range === undefined ? 200 : 206;
  if (request.method === 'HEAD' || stat.size === 0) {
    response.end();
    return;
  }
  await pipeline(createReadStream(path, { start, end: last }), response);
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader('content-length', 0);
  response.end();
}
