import { HostLostError } from '#src/errors.ts';
import type { Connection, LocalPort, RootShell, ShellReply, ShellRequest, UploadOptions } from './connection.ts';

export interface FakeAnswer {
  exitCode?: number;
  stdout?: string;
  stderr?: string;
}

export interface FakeOptions {
  host: string;
  /** What the host says to a script. Throw to fail the request; return `lost` to lose the connection in its middle. */
  answer(script: string, request: ShellRequest): FakeAnswer | 'lost' | Promise<FakeAnswer | 'lost'>;
}

/** What a fake was asked to do, in order. */
export interface FakeConnection extends Connection {
  readonly scripts: readonly string[];
  readonly uploads: readonly { localPath: string; remotePath: string; mode: number }[];
}

/** A connection without a machine, for tests of what decides: answers come from a function. */
export function fakeConnection({ host, answer }: FakeOptions): FakeConnection {
  const scripts: string[] = [];
  const uploads: { localPath: string; remotePath: string; mode: number }[] = [];
  const traffic = { bytesSent: 0, bytesReceived: 0 };
  let isLost = false;
  const lost = (step?: string): HostLostError =>
    new HostLostError(`lost ${host}${step ? ` during ${step}` : ''}`, { host, ...(step ? { step } : {}) });

  async function run(request: ShellRequest): Promise<ShellReply> {
    if (isLost) throw lost(request.step);
    const startedAt = performance.now();
    scripts.push(request.script.text);
    traffic.bytesSent += request.script.text.length;
    const said = await answer(request.script.text, request);
    if (said === 'lost') {
      isLost = true;
      throw lost(request.step);
    }
    const stdout = Buffer.from(said.stdout ?? '');
    traffic.bytesReceived += stdout.length;
    if (stdout.length > 0) request.onStdout?.(stdout);
    return {
      exitCode: said.exitCode ?? 0,
      stdout,
      stderr: Buffer.from(said.stderr ?? ''),
      dropped: 0,
      durationMs: performance.now() - startedAt,
    };
  }

  const shell: RootShell = {
    run,
    get requests() {
      return scripts.length;
    },
    close: async () => {},
  };
  return {
    host,
    scripts,
    uploads,
    traffic,
    shell: async () => shell,
    upload: async (localPath: string, remotePath: string, { mode }: UploadOptions) => {
      if (isLost) throw lost();
      uploads.push({ localPath, remotePath, mode });
    },
    stream: async () => {
      throw new HostLostError(`${host} is a fake: nothing listens on it`, { host });
    },
    forward: async (): Promise<LocalPort> => {
      throw new HostLostError(`${host} is a fake: nothing can be forwarded to it`, { host });
    },
    close: async () => {
      isLost = true;
    },
  };
}
