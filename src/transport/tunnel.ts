import { Duplex } from 'node:stream';

/** What SSH runs over: a TCP socket, or a tunnel through a jump host. */
export type Wire = Duplex & { readonly bytesRead: number; readonly bytesWritten: number };

/** A stream through a jump host that counts its bytes as a socket does. `onClosed` is called once it is closed, whoever closed it. */
export class Tunnel extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #stream: Duplex;
  readonly #released = Promise.withResolvers<void>();

  constructor(stream: Duplex, onClosed: () => Promise<void>) {
    super({ allowHalfOpen: false });
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      if (!this.push(chunk)) stream.pause();
    });
    stream.on('end', () => this.push(null));
    stream.on('close', () => this.destroy());
    stream.on('error', (error) => this.destroy(error));
    this.once('close', () => this.#released.resolve(onClosed()));
  }

  /** Resolves when nothing is left of it, the connection to the jump host included if it was the last one there. */
  get released(): Promise<void> {
    return this.#released.promise;
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    this.#stream.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.destroy();
    done(error);
  }
}
