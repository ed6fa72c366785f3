import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ShellChannel } from '#src/shell/channel.ts';
import { openRootShell } from '#src/shell/open.ts';
import type { Connection, LocalPort, RootShell, ShellOptions, UploadOptions } from './connection.ts';
import { forwardPort } from './forward.ts';
import { processChannel } from './process-channel.ts';
import { upload } from './upload.ts';

/**
 * This machine without SSH: the same shell and the same framing over a child process. For hosts with `connection: local`, and for tests.
 * `shell`: what runs the requests, `dash`, `bash` or `busybox sh`; default `sh`.
 */
export function localConnection(options: { host?: string; shell?: string; graceMs?: number } = {}): Connection {
  return new LocalConnection(options.host ?? 'local', options.shell ?? 'sh', options.graceMs);
}

class LocalConnection implements Connection {
  readonly host: string;
  readonly traffic = { bytesSent: 0, bytesReceived: 0 };
  readonly #shell: string;
  readonly #graceMs: number | undefined;
  readonly #shells: RootShell[] = [];
  readonly #channels = new Set<ShellChannel>();
  #become: ShellOptions['become'] = { method: 'none' };

  constructor(host: string, shell: string, graceMs: number | undefined) {
    this.host = host;
    this.#shell = shell;
    this.#graceMs = graceMs;
  }

  async shell({ signal, become, lock }: ShellOptions): Promise<RootShell> {
    this.#become = become;
    const shell = await openRootShell((command) => this.#open(command), {
      host: this.host,
      user: process.env.USER ?? 'you',
      become,
      signal,
      shell: this.#shell,
      graceMs: this.#graceMs,
      ...(lock ? { lock } : {}),
    });
    this.#shells.push(shell);
    return shell;
  }

  async #open(command: string): Promise<ShellChannel> {
    // The main shell is the one under test, too.
    const line = command === 'exec sh' ? `exec ${this.#shell}` : command;
    const channel = processChannel(['/bin/sh', '-c', line]);
    this.#channels.add(channel);
    void channel.ended.then(() => this.#channels.delete(channel));
    channel.stdout.on('data', (chunk: Buffer) => {
      this.traffic.bytesReceived += chunk.length;
    });
    return channel;
  }

  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void> {
    const settings = { host: this.host, user: process.env.USER ?? 'you', become: this.#become };
    return upload((command) => this.#open(command), localPath, remotePath, { ...options, ...settings });
  }

  stream(remoteHost: string, remotePort: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: remoteHost, port: remotePort }, () => resolve(socket));
      socket.once('error', reject);
    });
  }

  forward(remoteHost: string, remotePort: number): Promise<LocalPort> {
    return forwardPort(() => this.stream(remoteHost, remotePort));
  }

  async close(): Promise<void> {
    await Promise.all(this.#shells.map((shell) => shell.close()));
    for (const channel of this.#channels) channel.destroy();
  }
}
