import { connect, type Socket } from 'node:net';
import { showEndpoint } from '#src/endpoint.ts';
import { HostLostError, InterruptedError } from '#src/errors.ts';

export interface DialOptions {
  /** Named in messages. */
  host: string;
  address: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
}

/** A TCP connection within the time limit. Throws HostLostError (69) with what to look at, InterruptedError (130). */
export function dial(options: DialOptions): Promise<Socket> {
  const { host, address, port, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      done();
      socket.destroy();
      reject(error);
    };
    const unreachable = (why: string, hint: string, cause?: unknown): HostLostError =>
      new HostLostError(`cannot reach ${host} at ${showEndpoint(address, port)}: ${why}`, { host, hint, cause });
    const onAbort = (): void => fail(new InterruptedError(`interrupted while ${host} was connected`, { host }));
    const timer = setTimeout(
      () => fail(unreachable(`no answer within ${timeoutMs / 1000} s`, 'is it powered on, and is this its address?')),
      timeoutMs,
    );
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(unreachable(error.code ?? error.message, dialHint(error.code, address, port), error));
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    const socket = connect({ host: address, port, noDelay: true }, () => {
      done();
      resolve(socket);
    });
    socket.on('error', onError);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function dialHint(code: string | undefined, address: string, port: number): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name ${address} is not known here: correct "address" in hosts.yaml, or the DNS`;
  if (code === 'ECONNREFUSED')
    return `the machine is up, but no SSH server listens on port ${port}: still booting, or another port?`;
  return 'is it powered on, and is there a route to it?';
}
