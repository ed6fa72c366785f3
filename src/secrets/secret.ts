import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '***';

/** A value that prints as `***`, refuses JSON, and is handed out only by `reveal()`: at the edge where it leaves for a machine. */
export class Secret {
  readonly #value: string;
  /** Where it came from, for messages: `k3s.token`. */
  readonly label: string;

  constructor(value: string, label = 'secret') {
    this.#value = value;
    this.label = label;
  }

  reveal(): string {
    return this.#value;
  }

  /** SHA-256, hex. Only for comparison on a root-only file of the machine that holds the secret anyway; never print it. */
  digest(): string {
    return createHash('sha256').update(this.reveal()).digest('hex');
  }

  toString(): string {
    return MASK;
  }

  toJSON(): never {
    throw new TypeError(`the secret ${this.label} must not become JSON`);
  }

  [inspect.custom](): string {
    return MASK;
  }
}
