import type { Readable, Writable } from 'node:stream';

/** Why a channel's other end is gone. */
export interface ChannelEnd {
  /** Set when the whole connection was lost, in words for people; undefined when only the process at the other end ended. */
  lost?: string | undefined;
  exitCode?: number | undefined;
}

/** A process at the other end of three streams: over SSH, or on this machine. */
export interface ShellChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ChannelEnd>;
  /** Cuts it off at once. */
  destroy(): void;
}

export interface ChannelOptions {
  /** It gets a terminal that echoes nothing; stdout and stderr come together then. */
  readonly terminal?: boolean;
}

/** Starts a command line at the other end. */
export type OpenChannel = (command: string, options?: ChannelOptions) => Promise<ShellChannel>;
