import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2';
import { HostLostError, PermissionError } from '#src/errors.ts';
import type { ChannelEnd, ChannelOptions, ShellChannel } from '#src/shell/channel.ts';
import { openRootShell } from '#src/shell/open.ts';
import type { Become, Connection, LocalPort, RootShell, ShellOptions, Target, Traffic, UploadOptions } from './connection.ts';
import { forwardPort } from './forward.ts';
import { Tunnel, type Wire } from './tunnel.ts';
import { upload } from './upload.ts';

const CLOSE_MS = 2_000;

/** A host over SSH: one TCP connection or a tunnel through a jump host, any number of channels. Made by `connect`. */
export class SshConnection implements Connection {
  readonly host: string;
  readonly #target: Target;
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #shells: RootShell[] = [];
  readonly #ports: LocalPort[] = [];
  /** Why, once the connection is gone. */
  readonly lost: Promise<string>;
  #lostWhy: string | undefined;
  #become: Become;

  constructor(target: Target, client: Client, wire: Wire) {
    this.host = target.name;
    this.#target = target;
    this.#client = client;
    this.#wire = wire;
    this.#become = target.become;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    const onLost = (why: string): void => {
      this.#lostWhy ??= why;
      resolve(this.#lostWhy);
    };
    client.on('error', (error) => onLost(lostText(error)));
    client.on('close', () => onLost('the connection was closed'));
    wire.setMaxListeners(0);
  }

  get traffic(): Traffic {
    return { bytesSent: this.#wire.bytesWritten, bytesReceived: this.#wire.bytesRead };
  }

  async shell({ signal, become, lock }: ShellOptions): Promise<RootShell> {
    this.#become = become;
    const { user } = this.#target;
    const shell = await openRootShell((command, options) => this.#open(command, options), {
      host: this.host,
      user,
      become,
      signal,
      ...(lock ? { lock } : {}),
    });
    this.#shells.push(shell);
    return shell;
  }

  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void> {
    const settings = { host: this.host, user: this.#target.user, become: this.#become };
    return upload((command, how) => this.#open(command, how), localPath, remotePath, { ...options, ...settings });
  }

  async stream(remoteHost: string, remotePort: number): Promise<Duplex> {
    this.#throwIfLost();
    return new Promise((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, remoteHost, remotePort, (error, channel) => {
        if (!error) resolve(channel);
        else reject(this.#lostWhy === undefined ? error : this.#lostError(error));
      });
    });
  }

  async forward(remoteHost: string, remotePort: number): Promise<LocalPort> {
    const port = await forwardPort(() => this.stream(remoteHost, remotePort));
    this.#ports.push(port);
    return port;
  }

  async #open(command: string, { terminal = false }: ChannelOptions = {}): Promise<ShellChannel> {
    this.#throwIfLost();
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.#client.exec(command, terminal ? { pty: TERMINAL } : {}, (error, opened) => {
        if (!error) resolve(opened);
        else if (terminal && this.#lostWhy === undefined) reject(noTerminal(this.host, error));
        else
          reject(
            new HostLostError(`${this.host} opened no channel: ${this.#lostWhy ?? error.message}`, {
              host: this.host,
              cause: error,
            }),
          );
      });
    });
    return shellChannel(channel, this.lost);
  }

  #throwIfLost(): void {
    if (this.#lostWhy !== undefined) throw this.#lostError();
  }

  #lostError(cause?: Error): HostLostError {
    return new HostLostError(`lost ${this.host}: ${this.#lostWhy}`, { host: this.host, cause });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shells.map((shell) => shell.close()), ...this.#ports.map((port) => port.close())]);
    if (!this.#wire.destroyed) {
      this.#client.end();
      const gone = once(this.#wire, 'close', { signal: AbortSignal.timeout(CLOSE_MS) })
        .catch(() => {})
        .finally(() => this.#wire.destroy());
      // The shells have ended: how long the host takes to say goodbye is nobody's concern, but of the jump host's connection.
      if (this.#wire instanceof Tunnel) await gone;
    }
    if (this.#wire instanceof Tunnel) await this.#wire.released;
  }
}

/** Nothing that is sent is echoed, and what is said stays as it is. */
const TERMINAL: PseudoTtyOptions = { term: 'dumb', modes: { ECHO: 0, ECHONL: 0, OPOST: 0 } };

const noTerminal = (host: string, cause: Error): PermissionError =>
  new PermissionError(`${host} gives this login no terminal, and asks for its password only there`, {
    host,
    output: cause.message,
    hint: 'let sshd give terminals (PermitTTY yes, no no-pty in authorized_keys), or become root without a password',
    cause,
  });

function shellChannel(channel: ClientChannel, lost: Promise<string>): ShellChannel {
  const { promise, resolve } = Promise.withResolvers<ChannelEnd>();
  let exitCode: number | undefined;
  channel.on('exit', (code: number | null) => {
    exitCode = code ?? undefined;
  });
  channel.on('close', () => {
    // When the whole connection goes, its channels close first: let the reason arrive.
    setImmediate(() => resolve({ exitCode }));
  });
  channel.on('error', () => {});
  void lost.then((why) => resolve({ lost: why }));
  return { stdin: channel, stdout: channel, stderr: channel.stderr, ended: promise, destroy: () => channel.close() };
}

function lostText(error: Error & { level?: string }): string {
  if (error.level === 'client-timeout') return 'it no longer answers';
  return error.message;
}
