/** The lab's HTTP service: `main.ts STATE-DIRECTORY`. One process per lab, on the bridge only: the artifact mirror and a git server. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { LabState } from '#lab/machines/state.ts';
import { codeDigest } from './code.ts';
import { serveGit } from './git.ts';
import { serveFile } from './static.ts';

const [stateDir] = process.argv.slice(2);
if (stateDir === undefined) throw new TypeError('usage: main.ts STATE-DIRECTORY');
const state = JSON.parse(await readFile(join(stateDir, 'lab.json'), 'utf8')) as LabState;
const secrets = join(state.checkout, state.name === '' ? '.lab' : `.lab-${state.name}`, 'cluster', 'secrets.yaml');

const code = await codeDigest();

/** Read on each request: a test may change it. */
async function token(): Promise<string | undefined> {
  const text = await readFile(secrets, 'utf8').catch(() => '');
  return (parse(text) as { git?: { token?: string } } | null)?.git?.token;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function listen(port: number, handle: Handler): void {
  const server = createServer((request, response) => {
    response.on('finish', () =>
      console.log(new Date().toISOString(), request.socket.remoteAddress, request.method, request.url, response.statusCode),
    );
    if (request.url === '/healthz') {
      response.end(JSON.stringify({ lab: state.id, mirror: state.mirror ?? null, code }));
      return;
    }
    handle(request, response).catch((error: Error) => {
      console.error(new Date().toISOString(), request.method, request.url, error.message);
      response.destroy();
    });
  });
  server.listen(port, state.gateway);
}

listen(state.ports.mirror, (request, response) => serveFile(state.mirror ?? '/nonexistent', request, response));
listen(state.ports.git, (request, response) => serveGit({ root: join(stateDir, 'git'), token }, request, response));
