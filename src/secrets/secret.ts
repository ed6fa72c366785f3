import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '***';

const made = new Set<Secret>();

/** A value that prints as `***`, refuses JSON, and is handed out only by `reveal()`: at the edge where it leaves for a machine. */
export class Secret {
  readonly #value: string;
  /** Where it came from, for messages: `k3s.token`. */
  readonly label: string;

  constructor(value: string, label = 'secret') {
    this.#value = value;
    this.label = label;
    made.add(this);
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

/** All secrets that this process holds in clear: what it says when it crashes is redacted by them. */
export const knownSecrets = (): Secret[] => [...made].filter(isInClear);

function isInClear(secret: Secret): boolean {
  try {
    return secret.reveal() !== '';
  } catch {
    return false;
  }
}
