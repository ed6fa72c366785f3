import type { Duplex } from 'node:stream';
import type { Secret } from '#src/secrets/secret.ts';
import type { Script } from '#src/shell/script.ts';

/** A password that a person types for all hosts that ask for one. */
export interface AskedPassword {
  /** One that this host has not refused yet; undefined: there is no other. Throws PermissionError when nobody can be asked. */
  next(host: string, tried: readonly Secret[]): Promise<Secret | undefined>;
}

/** How a login user becomes root. `password` goes over standard input, never over argv. */
export type Become = { method: 'none' } | { method: 'sudo' | 'doas'; password?: Secret | AskedPassword };

export interface LockRequest {
  /** File on the node that the shell holds a `flock` on for as long as it lives. */
  path: string;
  /** Who holds it, one line for people: run id, user, machine, since when. Read by whoever finds the lock taken. */
  holder: string;
  /** After a lost connection: an older shell of the same holder is ended, and HostBusyError names what that one left running. */
  again?: boolean;
}

export interface ShellOptions {
  signal: AbortSignal;
  become: Become;
  /** Taken in the same exchange in which the shell is opened; LockedError (75) names the holder. */
  lock?: LockRequest;
}

export interface ShellRequest {
  script: Script;
  /** Named in errors: `os/file:/etc/hosts@n1`. */
  step?: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Bytes kept of each stream; the rest is counted and dropped, the tail is kept. Default 4 MiB. */
  maxBytes?: number;
  /** Each piece of standard output as it comes, for streamed applies. */
  onStdout?(chunk: Buffer): void;
}

export interface ShellReply {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
  /** Bytes that were dropped beyond `maxBytes`. */
  dropped: number;
  durationMs: number;
}

/** One long-lived root shell on one host; requests run one after the other. A lost connection rejects with HostLostError naming the step. */
export interface RootShell {
  run(request: ShellRequest): Promise<ShellReply>;
  /** Requests sent so far, for reports and tests. */
  readonly requests: number;
  close(): Promise<void>;
}

export interface UploadOptions {
  signal: AbortSignal;
  /** Hex; checked on the node before the rename. */
  sha256: string;
  mode: number;
  onProgress?(sentBytes: number, totalBytes: number): void;
}

export interface LocalPort {
  readonly host: '127.0.0.1';
  readonly port: number;
  close(): Promise<void>;
}

/** Bytes over the wire since the connection was made. */
export interface Traffic {
  bytesSent: number;
  bytesReceived: number;
}

/** The only door to a machine. */
export interface Connection {
  readonly host: string;
  shell(options: ShellOptions): Promise<RootShell>;
  /** Brings a local file to `remotePath` over a channel of its own, as root, checked and renamed into place. Needs an open shell. */
  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void>;
  /** Bytes to and from a TCP port as the host reaches it. HostLostError when the connection is gone; else the host's own words. */
  stream(remoteHost: string, remotePort: number): Promise<Duplex>;
  /** A port on this machine whose connections come out of the host towards `remoteHost:remotePort`. */
  forward(remoteHost: string, remotePort: number): Promise<LocalPort>;
  readonly traffic: Traffic;
  /** Rejects everything under way. Resolves once the socket is closed. */
  close(): Promise<void>;
}

/** What the inventory and the operator's ssh_config say about reaching one host. */
export interface Target {
  /** Inventory name; used in messages. */
  name: string;
  address: string;
  /** 22: ssh_config may name another. */
  port: number;
  /** Empty: what ssh_config says, else the operator's own name. */
  user: string;
  become: Become;
  /** Pinned fingerprint(s), `SHA256:...`. Without one: known_hosts of the cluster, then trust on first use, said aloud. */
  hostKeys: readonly string[];
  identityFiles: readonly string[];
  connectTimeoutMs: number;
  /** Reached through this one, which may have a jump of its own. `none`: directly. Left out: what ssh_config says. */
  jump?: Target | 'none';
}
