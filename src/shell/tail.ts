/** Keeps the last `limit` bytes of a stream and counts the rest. */
export class Tail {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    for (;;) {
      const first = this.#chunks[0];
      if (!first || this.#kept - first.length < this.#limit) return;
      this.#chunks.shift();
      this.#kept -= first.length;
      this.#dropped += first.length;
    }
  }

  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - this.#limit));
  }

  get dropped(): number {
    return this.#dropped + Math.max(0, this.#kept - this.#limit);
  }
}
