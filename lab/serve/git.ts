import { spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface GitService {
  /** Directory of bare repositories. */
  root: string;
  /** The token that opens it at this moment, as a password with any user name; undefined refuses everybody. */
  token(): Promise<string | undefined>;
}

/** Status, headers and the rest of what a CGI program wrote; undefined while its headers are not complete. */
export function parseCgi(output: Buffer): { status: number; headers: [string, string][]; body: Buffer } | undefined {
  const match = /\r?\n\r?\n/.exec(output.toString('latin1'));
  if (match === null) return undefined;
  const headers = output
    .toString('latin1', 0, match.index)
    .split(/\r?\n/)
    .map((line): [string, string] => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]);
  const status = headers.find(([name]) => name.toLowerCase() === 'status')?.[1];
  return {
    status: status === undefined ? 200 : Number.parseInt(status, 10),
    headers: headers.filter(([name]) => name.toLowerCase() !== 'status'),
    body: output.subarray(match.index + match[0].length),
  };
}

/** Whether an `Authorization` header holds the token as its password; the user name does not matter, as with the tokens of public git hosts. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const [scheme, credentials] = (header ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic' || credentials === undefined) return false;
  const text = Buffer.from(credentials, 'base64').toString();
  const given = Buffer.from(text.slice(text.indexOf(':') + 1));
  const expected = Buffer.from(token);
  return text.includes(':') && given.length === expected.length && timingSafeEqual(given, expected);
}

/** Answers one request of git's smart HTTP protocol by `git http-backend`. */
export async function serveGit(service: GitService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = await service.token();
  if (token === undefined || !isAuthorized(request.headers.authorization, token)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="picluster lab"' }).end();
    return;
  }
  const url = new URL(request.url ?? '/', 'http://lab');
  const backend = spawn('git', ['http-backend'], {
    env: environment(service.root, url, request),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  backend.stdin.on('error', () => undefined); // it may answer without reading all of the request
  request.pipe(backend.stdin);
  response.on('close', () => backend.kill());

  let head: Buffer | undefined = Buffer.alloc(0);
  backend.stdout.on('data', (chunk: Buffer) => {
    if (head === undefined) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const answer = parseCgi(head);
    if (answer === undefined) return;
    head = undefined;
    response.writeHead(answer.status, answer.headers.flat());
    response.write(answer.body);
  });
  await new Promise<void>((resolve) => backend.on('close', resolve).on('error', () => resolve()));
  if (head !== undefined) response.writeHead(500);
  response.end();
}

function environment(root: string, url: URL, request: IncomingMessage): Record<string, string> {
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    HOME: root,
    REMOTE_USER: 'lab',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header('content-type'),
    ...(request.headers['content-length'] && { CONTENT_LENGTH: header('content-length') }),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: header('git-protocol'),
  };
}
