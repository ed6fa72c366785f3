import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiUnavailableError, InterruptedError, PermissionError } from '#src/errors.ts';
import type { Credentials } from './credentials.ts';
import { type KubeError, kubeErrorOf } from './errors.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** Pauses between tries while the API cannot be reached or is overloaded: about six seconds in all. */
const RETRY_PAUSES_MS = [100, 300, 800, 1600, 3200];
const MAX_SOCKETS = 8;

export interface ApiRequest {
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST';
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: string;
  contentType?: string;
  /** For messages: `apply Deployment flux-system/source-controller`. */
  what: string;
  signal?: AbortSignal | undefined;
  /** Set to false where the caller asks again itself. All our requests may be repeated: GET, apply, and DELETE of a name. */
  retry?: boolean;
}

/** HTTPS to one API server, connections kept open. */
export class ApiHttp {
  readonly #port: number;
  readonly #credentials: Credentials;
  readonly #agent: Agent;
  readonly #closed = new AbortController();

  constructor(port: number, credentials: Credentials) {
    this.#port = port;
    this.#credentials = credentials;
    const { ca, cert, key, serverName } = credentials;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      ...(ca ? { ca } : {}),
      ...(cert && key ? { cert, key } : {}),
      ...(serverName ? { servername: serverName } : {}),
    });
  }

  /** Body of a successful answer. Throws KubeError, or ApiUnavailableError when no try reached the API. */
  async send(request: ApiRequest): Promise<string> {
    const pauses = request.retry === false ? [] : RETRY_PAUSES_MS;
    for (let attempt = 0; ; attempt++) {
      const pause = pauses[attempt];
      try {
        const { status, body } = await this.#once(request);
        if (status < 400) return body;
        if (pause === undefined || !isOverload(status)) throw refusal(request, status, body);
      } catch (error) {
        if (pause === undefined || !(error instanceof ApiUnavailableError)) throw error;
      }
      await delay(pause, undefined, { signal: this.#signal(request) }).catch(() => this.#throwIfStopped(request));
    }
  }

  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  #signal({ signal }: ApiRequest): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }

  #throwIfStopped({ signal, what }: ApiRequest): void {
    if (signal?.aborted || this.#closed.signal.aborted) throw new InterruptedError(`${what}: interrupted`);
  }

  async #once(request: ApiRequest): Promise<{ status: number; body: string }> {
    this.#throwIfStopped(request);
    const signal = AbortSignal.any([this.#signal(request), AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
    try {
      return await this.#exchange(request, signal);
    } catch (error) {
      this.#throwIfStopped(request);
      throw connectionError(request.what, error as NodeJS.ErrnoException);
    }
  }

  #exchange({ method, path, query = {}, body, contentType }: ApiRequest, signal: AbortSignal) {
    const parameters = new URLSearchParams(
      Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined),
    );
    const search = parameters.size > 0 ? `?${parameters}` : '';
    return new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = httpsRequest(
        {
          host: '127.0.0.1',
          port: this.#port,
          agent: this.#agent,
          method,
          path: `${path}${search}`,
          signal,
          headers: {
            accept: 'application/json',
            'user-agent': 'picluster',
            ...(this.#credentials.token ? { authorization: `Bearer ${this.#credentials.token}` } : {}),
            ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
          },
        },
        (incoming) => readBody(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, body: text }), reject),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A server in front that still has no API behind it after all tries is no answer of the API. */
function refusal(request: ApiRequest, status: number, body: string): KubeError | ApiUnavailableError {
  const error = kubeErrorOf(request.what, status, body);
  const isAbsent = status >= 502 && status <= 504 && request.retry !== false;
  return isAbsent ? new ApiUnavailableError(error.message, { cause: error }) : error;
}

/** 429: too many requests; 502 to 504: the server in front has no API behind it (yet). */
const isOverload = (status: number): boolean => status === 429 || (status >= 502 && status <= 504);

function connectionError(what: string, error: NodeJS.ErrnoException): ApiUnavailableError | PermissionError {
  if (isCertificateError(error.code)) {
    return new PermissionError(
      `${what}: the API server's certificate is not the one the kubeconfig promises (${error.message})`,
      {
        hint: 'another cluster may live at that address; fetch the kubeconfig again from a server',
        cause: error,
      },
    );
  }
  const said = error.name === 'TimeoutError' ? `no answer within ${REQUEST_TIMEOUT_MS / 1000} s` : error.message;
  return new ApiUnavailableError(`${what}: the Kubernetes API does not answer (${said})`, { cause: error });
}

const isCertificateError = (code = ''): boolean =>
  code.startsWith('ERR_TLS_CERT') || code.startsWith('CERT_') || /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code);
