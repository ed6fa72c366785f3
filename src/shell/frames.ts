/**
 * Splits one output stream of the host's shell into plain bytes and frames: lines that begin with the marker anywhere in the stream.
 * Bytes are passed on as soon as they cannot be the beginning of a marker.
 */
export class FrameReader {
  readonly #marker: Buffer;
  readonly #onData: (bytes: Buffer) => void;
  readonly #onFrame: (words: readonly string[]) => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(marker: string, onData: (bytes: Buffer) => void, onFrame: (words: readonly string[]) => void) {
    this.#marker = Buffer.from(`${marker} `);
    this.#onData = onData;
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      const at = rest.indexOf(this.#marker);
      if (at === -1) {
        const keep = beginningAtEnd(rest, this.#marker);
        this.#pass(rest.subarray(0, rest.length - keep));
        this.#held = rest.subarray(rest.length - keep);
        return;
      }
      this.#pass(rest.subarray(0, at));
      const end = rest.indexOf('\n', at + this.#marker.length);
      if (end === -1) {
        this.#held = rest.subarray(at);
        return;
      }
      this.#onFrame(rest.toString('utf8', at + this.#marker.length, end).split(' '));
      rest = rest.subarray(end + 1);
    }
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#onData(bytes);
  }
}

/** How many of the last bytes are the beginning of the marker. */
function beginningAtEnd(bytes: Buffer, marker: Buffer): number {
  for (let length = Math.min(marker.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(marker.subarray(0, length))) return length;
  }
  return 0;
}
